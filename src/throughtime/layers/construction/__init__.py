"""What a layer is made of: arguments that are checked, parameters under ``torch.nn``'s names, how they start."""
