"""One kind of outside world a module: git, the results folder, the bet files, the machine."""
