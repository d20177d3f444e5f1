"""embed.py NAME OUT.c FILE...: writes a C table of the files' bytes (see embed.cmake)."""
import os
import sys


def main() -> None:
    name, out, *files = sys.argv[1:]
    lines = ['#include "base/embedded.h"', "#include <stddef.h>", ""]
    rows = []
    for number, path in enumerate(files):
        with open(path, "rb") as source:
            data = source.read()
        lines.append(f"static const unsigned char file_{number}[] = {{")
        for start in range(0, len(data), 24):
            lines.append(",".join(str(byte) for byte in data[start:start + 24]) + ",")
        lines.append("0};")
        rows.append(f'    {{"{os.path.basename(path)}", (const char *)file_{number}, {len(data)}}},')
    lines.append(f"const struct embedded_file {name}[] = {{")
    lines += rows
    lines.append("    {NULL, NULL, 0},\n};\n")
    with open(out, "w", encoding="utf-8") as target:
        target.write("\n".join(lines))


main()
