"""Live (hybrid) sessions: schedule, join, attendance."""
