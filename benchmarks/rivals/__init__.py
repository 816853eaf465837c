"""Rules of other systems, each as its authors describe it, to be judged beside ours."""
