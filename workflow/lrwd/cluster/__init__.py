"""Running a study on a SLURM cluster. Standard library only: this code runs on login nodes and once per job."""
