"""How bases are trained: windows without repetition, Muon, reduced precision, and shapes for a CUDA graph."""
