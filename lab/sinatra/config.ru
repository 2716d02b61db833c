require_relative "app"
map("/api") { run Api }
run Site
