"""Mail: an outbox row written with the change it tells of, rendered and sent by a job."""
