"""Source files rendered for people, in processes that can do nothing else."""
