"""Media files: sounds, images, clips and arrays become numbers."""
