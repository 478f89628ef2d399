"""The flaws that are shown in C, as data."""

from typing import Any, Final

C_FLAWS: Final[dict[str, dict[str, Any]]] = {
    "written_outside": {
        "cwe": "CWE-787",
        "accepted": ("CWE-787", "CWE-119", "CWE-120", "CWE-121", "CWE-193", "CWE-788"),
        "needs": ("#include <stdio.h>", "#include <string.h>"),
        "near": """
 /* $a is sent by a client and ends with a zero. */
 size_t $f(const char *$a)
 {
     char $v[32];
-    strcpy($v, $a);
+    snprintf($v, sizeof $v, "%s", $a);
     return strlen($v);
 }
""",
        "far": """
 static void $h(char *to, size_t room, const char *from)
 {
     size_t at = 0;
-    while (from[at] != 0 && at <= room) {
+    while (from[at] != 0 && at + 1 < room) {
!        to[at] = from[at];
         at++;
     }
!    to[at] = 0;
 }

 /* $a is sent by a client and ends with a zero. */
 size_t $f(const char *$a)
 {
     char $v[32];
!    $g($v, sizeof $v, $a);
     return strlen($v);
 }
""",
        "via": """
 static void $g(char *to, size_t room, const char *from)
 {
     $h(to, room, from);
 }
""",
        "alike": """
 size_t $f(char *to)
 {
     char $v[8];
     strcpy($v, "$w");
     return to == NULL ? 0 : strlen($v);
 }
""",
    },
    "read_outside": {
        "cwe": "CWE-125",
        "accepted": ("CWE-125", "CWE-126", "CWE-119", "CWE-130"),
        "needs": ("#include <stddef.h>",),
        "near": """
 /* A client sent $a, and wrote into it how many there are: told. So many really came: came. */
 unsigned $f(const unsigned *$a, size_t came, size_t told)
 {
     unsigned $v = 0;
-    for (size_t at = 0; at < told; at++) {
+    for (size_t at = 0; at < told && at < came; at++) {
!        $v += $a[at];
     }
     return came == 0 ? 0 : $v;
 }
""",
        "far": """
 static size_t $h(size_t came, size_t told)
 {
-    return came < told ? told : came;
+    return came < told ? came : told;
 }

 /* A client sent $a, and wrote into it how many there are: told. So many really came: came. */
 unsigned $f(const unsigned *$a, size_t came, size_t told)
 {
     unsigned $v = 0;
!    for (size_t at = 0; at < $g(came, told); at++) {
!        $v += $a[at];
     }
     return $v;
 }
""",
        "via": """
 static size_t $g(size_t came, size_t told)
 {
     return $h(came, told);
 }
""",
        "alike": """
 /* told is sent by a client. */
 unsigned $f(size_t told)
 {
     static const unsigned $v[4] = {2, 3, 5, 7};
     return $v[told % 4];
 }
""",
    },
    "used_when_freed": {
        "cwe": "CWE-416",
        "accepted": ("CWE-416", "CWE-825", "CWE-672"),
        "needs": ("#include <stdlib.h>", "struct record { int size; char *name; };"),
        "near": """
 /* The caller gives $a up. */
 int $f(struct record *$a)
 {
-    free($a);
!    int $v = $a->size;
+    free($a);
     return $v;
 }
""",
        "far": """
 static void $h(struct record *one)
 {
-    free(one->name);
+    free(one->name);
+    one->name = NULL;
     one->size = 0;
 }

 /* The name of $a, if it has one, can be freed. */
 int $f(struct record *$a)
 {
     $g($a);
!    return $a->name != NULL ? $a->name[0] : 0;
 }
""",
        "via": """
 static void $g(struct record *one)
 {
     $h(one);
 }
""",
        "alike": """
 int $f(struct record *$a)
 {
     int $v = $a->size;
     free($a->name);
     $a->name = NULL;
     return $v;
 }
""",
    },
    "given_format": {
        "cwe": "CWE-134",
        "accepted": ("CWE-134", "CWE-668"),
        "needs": ("#include <stdio.h>",),
        "near": """
 /* $a is sent by a client and ends with a zero. */
 void $f(FILE *out, const char *$a)
 {
     const char *$v = $a;
-    fprintf(out, $v);
+    fprintf(out, "%s", $v);
 }
""",
        "far": """
 static const char *$h(const char *one)
 {
-    return one[0] != 0 ? one : "%s";
+    return one[0] != 0 ? "%s\\n" : "%s";
 }

 /* $a is sent by a client and ends with a zero. */
 void $f(FILE *out, const char *$a)
 {
     const char *$v = $g($a);
!    fprintf(out, $v, $a);
 }
""",
        "via": """
 static const char *$g(const char *one)
 {
     return $h(one);
 }
""",
        "alike": """
 void $f(FILE *out, int $a)
 {
     const char *$v = $a > 1 ? "%d $w, all of them\\n" : "%d $w\\n";
     fprintf(out, $v, $a);
 }
""",
    },
}
"""Small synthetic teaching examples; none of them is somebody's software."""
