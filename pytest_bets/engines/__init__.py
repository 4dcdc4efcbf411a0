"""The engines that run cells in other processes: which cell next, what becomes of an attempt, where it runs."""
