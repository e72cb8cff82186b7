"""What a performance claim of ours rests on: ratios, taken side by side in one run."""
