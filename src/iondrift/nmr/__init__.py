"""What a spectrometer measured to concentration."""
