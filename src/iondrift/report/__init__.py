"""Results to console, figures and pages."""
