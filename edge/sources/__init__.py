"""Where lots come from: watched folders, their layouts, and when a lot is whole."""
