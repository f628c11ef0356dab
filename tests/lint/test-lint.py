#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What every file here has in common, and what a floor may see.

Usage: test-lint.py SOURCE BUILD
"""

import ast
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1])
BUILD = pathlib.Path(sys.argv[2])

LINES_MAX = 600  # of a file
FUNCTION_MAX = 60  # lines of a function

SPDX = (
    "/* SPDX-FileCopyrightText: 2026 The Channels developers",
    " * SPDX-License-Identifier: LGPL-2.1-or-later */",
)

# The libraries that one floor alone speaks.
OWNERS = {
    r"hiredis": "redis",
    r"libsoup": "server",
    r"json-glib": "event",
    r"msgpack": "event",
    r"nettle": "redis",
    r"zlib": "redis",
    r"systemd": "daemon",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def files(*suffixes):
    """Every source file with one of the suffixes; what is fed to parsers may look as it likes."""
    return sorted(
        path
        for folder in ("src", "tests", "data")
        for path in (SOURCE / folder).rglob("*")
        if path.suffix in suffixes and path.is_file() and "corpus" not in path.parts
    )


def name(path):
    return str(path.relative_to(SOURCE))


def floors():
    """The floors and those that each sees, out of the table that the build obeys."""
    table = re.search(r"^floors = \{\n(.*?)^\}", (SOURCE / "src/meson.build").read_text(),
                      re.MULTILINE | re.DOTALL).group(1)
    rule = re.compile(r"'(\w+)': \{'sees': (\[[^]]*\])")
    return {floor: set(ast.literal_eval(sees)) for floor, sees in rule.findall(table)}


def compile_commands(floor):
    """The commands that compile a floor, as (folder, arguments)."""
    with open(BUILD / "compile_commands.json", encoding="utf-8") as commands:
        return [
            (command["directory"], shlex.split(command["command"]))
            for command in json.load(commands)
            if f"libchannels-{floor}.a.p/" in command["output"]
        ]


def included_floors(folder, arguments):
    """The floors whose headers a command can find."""
    source = (SOURCE / "src").resolve()
    paths = [(pathlib.Path(folder) / argument[2:]).resolve()
             for argument in arguments if argument.startswith("-I")]
    return {path.name for path in paths if path.parent == source}


class Text(unittest.TestCase):
    def check(self, found):
        self.assertEqual([], list(found))

    def test_format(self):
        command = ["clang-format", "--dry-run", "-Werror", *map(name, files(".c", ".h"))]
        self.assertEqual(0, subprocess.run(command, cwd=SOURCE, check=False).returncode)

    def test_head(self):
        for path in files(".c", ".h"):
            with self.subTest(name(path)):
                lines = path.read_text().splitlines()
                self.assertEqual(SPDX, tuple(lines[:2]))
                if "examples" in path.parts:
                    continue  # a program of somebody else's has no config.h of ours
                first = '#include "config.h"' if path.suffix == ".c" else "#pragma once"
                self.assertEqual(first, next(line for line in lines if line.startswith("#")))

    def test_length(self):
        self.check(name(path) for path in files(".c", ".h", ".js", ".py", ".sh")
                   if len(path.read_text().splitlines()) > LINES_MAX)

    def test_functions(self):
        function = re.compile(r"^\{\n((?:[^}\n].*)?\n)*?\}$", re.MULTILINE)
        self.check(f"{name(path)}: {len(found.group().splitlines())} lines"
                   for path in files(".c")
                   for found in function.finditer(path.read_text())
                   if len(found.group().splitlines()) > FUNCTION_MAX)

    def test_white_space(self):
        self.check(name(path)
                   for path in files(".c", ".h", ".js", ".css", ".html", ".py", ".sh", ".conf")
                   if re.search(r"\t|[ \r]$", path.read_text(), re.MULTILINE))

    def test_words(self):
        words = re.compile(r"\b(TODO|FIXME|XXX|g_test_skip|g_test_incomplete|goto)\b"
                           r"|define\s+G_LOG_DOMAIN")
        self.check(f"{name(path)}: {found.group()}"
                   for path in files(".c", ".h", ".js", ".css", ".html", ".py", ".sh")
                   if not path.samefile(__file__)
                   for found in words.finditer(path.read_text()))

    def test_libraries(self):
        self.check(f"{name(path)}: {header}"
                   for path in files(".c", ".h") if path.is_relative_to(SOURCE / "src")
                   for header in INCLUDE.findall(path.read_text())
                   for library, owner in OWNERS.items()
                   if re.match(library, header) and path.parent.name != owner)


class Floors(unittest.TestCase):
    def test_every_command(self):
        for floor, sees in floors().items():
            for folder, arguments in compile_commands(floor):
                with self.subTest(arguments[-1]):
                    self.assertLessEqual(included_floors(folder, arguments), sees | {floor})

    def compiles(self, floor, text):
        """Whether a file of the floor with this text would."""
        folder, arguments = compile_commands(floor)[0]
        output = arguments.index("-o")
        with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
            file.write(text)
            file.flush()
            command = [*arguments[:output], "-fsyntax-only", file.name]
            return subprocess.run(command, cwd=folder, capture_output=True,
                                  check=False).returncode == 0

    def test_only_what_is_seen_compiles(self):
        for floor, sees in floors().items():
            for other in floors():
                headers = sorted((SOURCE / "src" / other).glob("*.h"))
                if other == floor or not headers or not compile_commands(floor):
                    continue
                with self.subTest(f"{floor} includes {other}"):
                    exists = f'#if !__has_include("{headers[0].name}")\n#error\n#endif\nint x;\n'
                    self.assertEqual(other in sees, self.compiles(floor, exists))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
