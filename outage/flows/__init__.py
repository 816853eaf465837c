"""Flow and DNS logs in columns: naming flows by service, samples by slot, one machine or many."""
