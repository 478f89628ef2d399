"""The flaws that are shown in Python, as data."""

from typing import Any, Final

PYTHON_FLAWS: Final[dict[str, dict[str, Any]]] = {
    "traversal": {
        "cwe": "CWE-22",
        "accepted": ("CWE-22", "CWE-23", "CWE-36", "CWE-73", "CWE-706"),
        "needs": ("from pathlib import Path",),
        "near": """
 def $f($a):
     \"\"\"$a is sent by a client.\"\"\"
     root = Path("/srv/$w").resolve()
-    $v = root / $a
+    $v = (root / $a).resolve()
+    if not $v.is_relative_to(root):
+        raise ValueError("outside of the folder")
!    return $v.read_text()
""",
        "far": """
 def $h(root, $a):
-    return root / $a.strip()
+    $v = (root / $a.strip()).resolve()
+    if not $v.is_relative_to(root):
+        raise ValueError("outside of the folder")
+    return $v


 def $f($a):
     \"\"\"$a is sent by a client.\"\"\"
     root = Path("/srv/$w").resolve()
!    return $g(root, $a).read_text()
""",
        "via": """
 def $g(root, $a):
     return $h(root, $a)
""",
        "alike": """
 def $f($a):
     \"\"\"$a is sent by a client.\"\"\"
     known = {"plan": "plan.txt", "notes": "notes.txt"}
     return (Path("/srv/$w") / known[$a]).read_text()
""",
    },
    "query": {
        "cwe": "CWE-89",
        "accepted": ("CWE-89", "CWE-943", "CWE-564"),
        "needs": ("import sqlite3",),
        "near": """
 def $f(db: sqlite3.Connection, $a):
     \"\"\"$a is a text that a client sent.\"\"\"
-    rows = db.execute("SELECT id, $v FROM $w WHERE owner = '" + $a + "'")
+    rows = db.execute("SELECT id, $v FROM $w WHERE owner = ?", ($a,))
     return rows.fetchall()
""",
        "far": """
 def $h($a):
-    return f"$v = '{$a}'", ()
+    return "$v = ?", ($a,)


 def $f(db: sqlite3.Connection, $a):
     \"\"\"$a is a text that a client sent.\"\"\"
     condition, values = $g($a)
!    rows = db.execute("SELECT id FROM $w WHERE " + condition, values)
     return rows.fetchall()
""",
        "via": """
 def $g($a):
     return $h($a)
""",
        "alike": """
 def $f(db: sqlite3.Connection, $a):
     \"\"\"$a is a text that a client sent.\"\"\"
     column = "size" if $a == "size" else "id"
     return db.execute("SELECT id FROM $w ORDER BY " + column).fetchall()
""",
    },
    "command": {
        "cwe": "CWE-78",
        "accepted": ("CWE-78", "CWE-77"),
        "needs": ("import subprocess",),
        "near": """
 def $f($a):
     \"\"\"$a is sent by a client.\"\"\"
-    $v = subprocess.run("stat -- " + $a, shell=True, capture_output=True, check=False)
+    $v = subprocess.run(["stat", "--", $a], capture_output=True, check=False)
     return $v.stdout
""",
        "far": """
 def $h($a):
-    return ["sh", "-c", "stat -- " + $a]
+    return ["stat", "--", $a]


 def $f($a):
     \"\"\"$a is sent by a client.\"\"\"
!    $v = subprocess.run($g($a), capture_output=True, check=False)
     return $v.stdout
""",
        "via": """
 def $g($a):
     return $h($a)
""",
        "alike": """
 def $f($a):
     \"\"\"$a is sent by a client.\"\"\"
     $v = subprocess.run("df | sort", shell=True, capture_output=True, check=False)
     return $v.stdout.count($a.encode())
""",
    },
    "stored_object": {
        "cwe": "CWE-502",
        "accepted": ("CWE-502", "CWE-913"),
        "needs": ("import json", "import pickle"),
        "near": """
 def $f($a):
     \"\"\"$a are bytes that a client sent.\"\"\"
-    $v = pickle.loads($a)
+    $v = json.loads($a)
     return $v["$w"]
""",
        "far": """
 def $h(kind):
-    return {"text": json.loads, "saved": pickle.loads}[kind]
+    return {"text": json.loads, "saved": json.loads}[kind]


 def $f(kind, $a):
     \"\"\"kind and the bytes $a are sent by a client.\"\"\"
!    $v = $g(kind)($a)
     return $v["$w"]
""",
        "via": """
 def $g(kind):
     return $h(kind)
""",
        "alike": """
 def $f($a):
     \"\"\"$a is sent by a client.\"\"\"
     return len(pickle.dumps(["$w", str($a)]))
""",
    },
    "owner": {
        "cwe": "CWE-639",
        "accepted": ("CWE-639", "CWE-566", "CWE-862", "CWE-863", "CWE-285"),
        "needs": ("import sqlite3",),
        "near": """
 def $f(db: sqlite3.Connection, user, $a):
     \"\"\"user has signed in and may read rows of their own; $a is a number they sent.\"\"\"
-    $v = db.execute("SELECT text FROM $w WHERE id = ?", ($a,))
+    $v = db.execute("SELECT text FROM $w WHERE id = ? AND owner = ?", ($a, user.id))
!    return $v.fetchone()
""",
        "far": """
 def $h(user, row):
-    return row is not None and user.id > 0
+    return row is not None and row["owner"] == user.id


 def $f(db: sqlite3.Connection, user, $a):
     \"\"\"user has signed in and may read rows of their own; $a is a number they sent.\"\"\"
     $v = db.execute("SELECT owner, text FROM $w WHERE id = ?", ($a,)).fetchone()
!    return $v["text"] if $g(user, $v) else None
""",
        "via": """
 def $g(user, row):
     return $h(user, row)
""",
        "alike": """
 def $f(db: sqlite3.Connection, user, $a):
     \"\"\"user has signed in; $a is a number they sent. What is in public_$w is for everybody to read.\"\"\"
     return db.execute("SELECT text FROM public_$w WHERE id = ?", ($a,)).fetchone()
""",
    },
    "race": {
        "cwe": "CWE-367",
        "accepted": ("CWE-367", "CWE-362", "CWE-363", "CWE-377", "CWE-379"),
        "needs": ("import os",),
        "near": """
 def $f($a, data):
     \"\"\"The folder of $a is shared with other users; a file that is there already is never written to.\"\"\"
-    if os.path.exists($a):
-        raise FileExistsError($a)
-    $v = os.open($a, os.O_WRONLY | os.O_CREAT, 0o600)
+    $v = os.open($a, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
     with os.fdopen($v, "wb") as opened:
         opened.write(data)
""",
        "far": """
 def $h($a):
-    if os.path.exists($a):
-        raise FileExistsError($a)
-    return os.open($a, os.O_WRONLY | os.O_CREAT, 0o600)
+    return os.open($a, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


 def $f($a, data):
     \"\"\"The folder of $a is shared with other users; a file that is there already is never written to.\"\"\"
!    with os.fdopen($g($a), "wb") as $v:
         $v.write(data)
""",
        "via": """
 def $g($a):
     return $h($a)
""",
        "alike": """
 def $f($a):
     \"\"\"What is returned is only shown to a person.\"\"\"
     return "$w is there" if os.path.exists($a) else "$w is missing"
""",
    },
    "chance": {
        "cwe": "CWE-338",
        "accepted": ("CWE-338", "CWE-330", "CWE-335", "CWE-337", "CWE-340", "CWE-331"),
        "needs": ("import random", "import secrets", "import time"),
        "near": """
 def $f($a):
     \"\"\"What is returned is mailed to $a, who signs in with it.\"\"\"
     letters = "abcdefghjkmnpqrstuvwxyz23456789"
-    $v = [random.choice(letters) for _ in range(24)]
+    $v = [secrets.choice(letters) for _ in range(24)]
     return "$w-" + "".join($v)
""",
        "far": """
 def $h():
-    return random.Random(int(time.time()))
+    return random.SystemRandom()


 def $f($a):
     \"\"\"What is returned is mailed to $a, who signs in with it.\"\"\"
     $v = $g()
!    return "$w-" + "".join($v.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(24))
""",
        "via": """
 def $g():
     return $h()
""",
        "alike": """
 def $f($a):
     \"\"\"The tips of the day are shown in any order.\"\"\"
     return random.sample(sorted($a), k=min(3, len($a)))
""",
    },
    "redirect": {
        "cwe": "CWE-601",
        "accepted": ("CWE-601", "CWE-610"),
        "needs": ("from web import Redirect",),
        "near": """
 def $f(request):
     \"\"\"The query is sent by a client.\"\"\"
     $v = request.query.get("next", "/")
-    return Redirect($v)
+    return Redirect($v if $v in ("/", "/$w", "/help") else "/")
""",
        "far": """
 def $h($a):
-    return $a if $a.startswith("/") else "/"
+    return $a if $a in ("/", "/$w", "/help") else "/"


 def $f(request):
     \"\"\"The query is sent by a client.\"\"\"
     $v = request.query.get("next", "/")
!    return Redirect($g($v))
""",
        "via": """
 def $g($a):
     return $h($a)
""",
        "alike": """
 def $f(request):
     \"\"\"The query is sent by a client.\"\"\"
     $v = int(request.query.get("page", "1"))
     return Redirect(f"/$w/{$v}")
""",
    },
    "timing": {
        "cwe": "CWE-208",
        "accepted": ("CWE-208", "CWE-203", "CWE-385"),
        "needs": ("import hashlib", "import hmac"),
        "near": """
 def $f(secret, body, $a):
     \"\"\"body and $a, a signature in hexadecimal letters, are bytes that a client sent.\"\"\"
     $v = hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
-    return $v == $a
+    return hmac.compare_digest($v, $a)
""",
        "far": """
 def $h(one, other):
-    return len(one) == len(other) and all(a == b for a, b in zip(one, other))
+    return hmac.compare_digest(one, other)


 def $f(secret, body, $a):
     \"\"\"body and $a, a signature in hexadecimal letters, are bytes that a client sent.\"\"\"
     $v = hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
!    return $g($v, $a)
""",
        "via": """
 def $g(one, other):
     return $h(one, other)
""",
        "alike": """
 def $f(body, $a):
     \"\"\"$a is the checksum that everybody can read beside the download.\"\"\"
     return hashlib.sha256(body).hexdigest() == $a
""",
    },
    "page": {
        "cwe": "CWE-79",
        "accepted": ("CWE-79", "CWE-80", "CWE-116"),
        "needs": ("import html",),
        "near": """
 def $f($a):
     \"\"\"$a is sent by a client; what is returned is shown as HTML.\"\"\"
-    $v = $a.strip()
+    $v = html.escape($a.strip())
!    return "<p class='$w'>Hello, " + $v + "</p>"
""",
        "far": """
 def $h($a):
-    return $a.replace("<script", "")
+    return html.escape($a)


 def $f($a):
     \"\"\"$a is sent by a client; what is returned is shown as HTML.\"\"\"
     $v = $g($a)
!    return "<p class='$w'>Hello, " + $v + "</p>"
""",
        "via": """
 def $g($a):
     return $h($a)
""",
        "alike": """
 def $f($a):
     \"\"\"$a is sent by a client; what is returned is shown as HTML.\"\"\"
     return "<p class='$w'>" + str(len($a)) + " letters</p>"
""",
    },
    "expression": {
        "cwe": "CWE-95",
        "accepted": ("CWE-95", "CWE-94"),
        "needs": ("import ast",),
        "near": """
 def $f($a):
     \"\"\"$a is a text that a client sent.\"\"\"
-    $v = eval($a)
+    $v = ast.literal_eval($a)
     return {"$w": $v}
""",
        "far": """
 def $h($a, known):
-    return eval($a, {"__builtins__": {}}, known)
+    return known[$a] if $a in known else ast.literal_eval($a)


 def $f($a):
     \"\"\"$a is a text that a client sent.\"\"\"
!    $v = $g($a, {"$w": 7})
     return $v
""",
        "via": """
 def $g($a, known):
     return $h($a, known)
""",
        "alike": """
 def $f($a):
     \"\"\"$a is a text that a client sent.\"\"\"
     return eval("60 * 60 * 24") + len($a)
""",
    },
    "stored_password": {
        "cwe": "CWE-916",
        "accepted": ("CWE-916", "CWE-328", "CWE-327"),
        "needs": ("import hashlib",),
        "near": """
 def $f($a, salt):
     \"\"\"$a is somebody's password; what is returned is stored.\"\"\"
-    $v = hashlib.sha256(salt + $a)
-    return "$w:" + $v.hexdigest()
+    $v = hashlib.scrypt($a, salt=salt, n=2**14, r=8, p=1)
+    return "$w:" + $v.hex()
""",
        "far": """
 def $h($a, salt):
-    return hashlib.sha512(salt + $a).digest()
+    return hashlib.scrypt($a, salt=salt, n=2**14, r=8, p=1)


 def $f($a, salt):
     \"\"\"$a is somebody's password; what is returned is stored.\"\"\"
!    $v = $g($a, salt)
     return "$w:" + $v.hex()
""",
        "via": """
 def $g($a, salt):
     return $h($a, salt)
""",
        "alike": """
 def $f($a):
     \"\"\"$a is a file that everybody may have; what is returned stands beside the download.\"\"\"
     return "$w:" + hashlib.sha256($a).hexdigest()
""",
    },
}
"""Small synthetic teaching examples; none of them is somebody's software."""
