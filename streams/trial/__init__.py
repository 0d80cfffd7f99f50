"""Rules on trial: histories and simulated fans through the program itself, judged by what came after."""
