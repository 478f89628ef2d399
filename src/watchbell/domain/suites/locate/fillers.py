"""What else stands in a file? Small functions with nothing wrong in them."""

from typing import Final

FILLERS: Final = {
    "python": (
        """
 def $f($a, most=$n):
     return [$v for $v in $a if $v is not None][:most]
""",
        """
 def $f($a):
     $v = {}
     for one in $a:
         $v[one] = $v.get(one, 0) + 1
     return sorted($v.items())
""",
        """
 def $f($a, $v):
     if not $a:
         return 0.0
     return sum($a) / len($a) + float($v or 0)
""",
        """
 def $f($a):
     first, _, rest = $a.partition(":")
     return first.strip().lower(), rest.strip()
""",
        """
 class ${f}_count:
     def __init__(self):
         self.$v = 0

     def add(self, $a=1):
         self.$v = min(self.$v + $a, $n)
         return self.$v
""",
        """
 def $f($a):
     $v = max(0, min(int($a), $n))
     return {"$w": $v, "rest": $n - $v}
""",
        """
 def $f(first, last):
     while last:
         first, last = last, first % last
     return abs(first)
""",
        """
 def $f($a):
     return "\\n".join(f"{at:>4} {$v}" for at, $v in enumerate($a, start=1))
""",
        """
 def $f($a, size=$n):
     if size < 1:
         raise ValueError("size")
     return [$a[at : at + size] for at in range(0, len($a), size)]
""",
        """
 def $f($a):
     $v = "".join(one for one in $a.lower() if one.isalnum())
     return $v == $v[::-1]
""",
        """
 def $f($a, $v=None):
     chosen = $v if $v is not None else "$w"
     return dict($a, name=chosen)
""",
        """
 def $f($a):
     low, high = 0, len($a)
     while low < high:
         $v = (low + high) // 2
         if $a[$v] < $n:
             low = $v + 1
         else:
             high = $v
     return low
""",
    ),
    "c": (
        """
 static int $f(int $a)
 {
     return $a < 0 ? 0 : $a > $n ? $n : $a;
 }
""",
        """
 static unsigned $f(unsigned first, unsigned last)
 {
     while (last != 0) {
         unsigned $v = first % last;
         first = last;
         last = $v;
     }
     return first;
 }
""",
        """
 static int $f(char $a)
 {
     return ($a >= 'a' && $a <= 'z') || ($a >= '0' && $a <= '9');
 }
""",
        """
 static unsigned $f(unsigned $a)
 {
     unsigned $v = 0;
     while ($a != 0) {
         $v += $a & 1u;
         $a >>= 1;
     }
     return $v;
 }
""",
        """
 static const char *$f(int $a)
 {
     switch ($a) {
     case 0:
         return "none";
     case 1:
         return "$w";
     default:
         return "many";
     }
 }
""",
        """
 static int $f(int $a, int $v)
 {
     if ($a == $v) {
         return 0;
     }
     return $a < $v ? -1 : 1;
 }
""",
        """
 static unsigned $f(unsigned $a)
 {
     unsigned $v = $n;
     for (unsigned at = 0; at < $a % 16; at++) {
         $v = $v * 31u + at;
     }
     return $v;
 }
""",
        """
 static int $f(int year)
 {
     int $v = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
     return $v ? 366 : 365;
 }
""",
        """
 static double $f(double $a, double $v)
 {
     return $v > 0.0 ? $a / $v : 0.0;
 }
""",
        """
 static int $f(int $a)
 {
     enum { low, middle, high } $v = $a < 10 ? low : $a < $n ? middle : high;
     return (int)$v;
 }
""",
    ),
}
"""By language; ten at least, for the longest files of the ladder."""
