"""The record of learning: what a person has read and earned."""
