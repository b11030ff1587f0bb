// HybridClock
