"""The typesetter's own process: data in, PDF out. Run alone by its path; it imports nothing of ours.

Arguments: the template, an empty folder, the moment in Unix seconds.
"""

import resource
import sys

MOST_MEMORY = 4 << 30
MOST_CPU_SECONDS = 60
MOST_FILES = 64


def main(template: str, root: str, seconds: str) -> int:
    """Read the data from standard input, set it, and write the PDF to standard output."""
    import typst

    with open(template, "rb") as file:
        markup = file.read()
    bounds = ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CPU, MOST_CPU_SECONDS))
    for limit, most in (*bounds, (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, MOST_FILES)):
        resource.setrlimit(limit, (most, most))
    pdf = typst.Compiler(
        input=markup,
        root=root,
        ignore_system_fonts=True,
        sys_inputs={"paper": sys.stdin.buffer.read().decode()},
        package_path=root,
        package_cache_path=root,
    ).compile(format="pdf", pdf_standards=["ua-1"], timestamp=int(seconds))
    if not isinstance(pdf, bytes):
        return 1
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
