"""The ledger of jobs: rows written with the change they follow from; workers take them up."""
