// Stands for the style sheets that packages import: the page links the one that has them all.
