"""The command line. Its modules load torch only inside the commands that need it, so that help answers at once."""
