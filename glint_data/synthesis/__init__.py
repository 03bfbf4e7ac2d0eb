"""Photos to datasets: recipes, rendering, resuming, several jobs, and recipes to pixels later."""
