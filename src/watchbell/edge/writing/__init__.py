"""How an answer is written: for people (table), for programs (json, csv), and in other tools' words (vex, sarif)."""
