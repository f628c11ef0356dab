#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The manual page of the bus interface has all of it, and cannot be made of less.

Usage: test-interface-manual.py INTERFACE-TO-MAN.py INTERFACE.xml METAINFO.xml
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

GENERATOR, INTERFACE, METAINFO = sys.argv[1:]
XML = pathlib.Path(INTERFACE).read_text(encoding='utf-8')


class TestInterfaceManual(unittest.TestCase):
    def make(self, xml):
        """Returns the page for an interface, or None, and what the generator says."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        source, page = folder / 'interface.xml', folder / 'page.5'
        source.write_text(xml, encoding='utf-8')
        done = subprocess.run([sys.executable, GENERATOR, source, METAINFO, 'Channels', page],
                              stderr=subprocess.PIPE, text=True, check=False)
        return (page.read_text(encoding='utf-8') if done.returncode == 0 else None), done.stderr

    def assert_refused(self, pattern, replacement, complaint):
        """The interface with one thing changed is no page's source."""
        changed, n = re.subn(pattern, replacement, XML, count=1)
        self.assertEqual(n, 1)
        page, said = self.make(changed)
        self.assertIsNone(page)
        self.assertEqual(said, f'interface.xml: {complaint}\n')

    def test_every_member_and_argument(self):
        page, said = self.make(XML)
        self.assertEqual(said, '')
        for member in ElementTree.parse(INTERFACE).getroot().find('interface'):
            entry = re.search(rf'^\\fB{member.get("name")}\\fR .*\n(?:(?!\.SH|\\fB).*\n)*', page,
                              re.MULTILINE).group()
            for argument in member.findall('arg'):
                self.assertIn(rf'\fB{argument.get("type")}\fR \fI{argument.get("name")}\fR', entry)
                self.assertRegex(entry, rf'\n\.I {argument.get("name")}\n\w')

    def test_release(self):
        release = ElementTree.parse(METAINFO).find('releases/release')
        page, _said = self.make(XML)
        self.assertIn(f' 5 {release.get("date")} "Channels {release.get("version")}" ', page)

    def test_argument_without_words(self):
        self.assert_refused(r'@receivers: .*\n', '', 'SendToGroup: receivers is not described')

    def test_words_without_argument(self):
        self.assert_refused(r'@receivers: ', '@reached: it is called so\n@receivers: ',
                            'SendToGroup has no reached')

    def test_member_without_words(self):
        self.assert_refused(r'Version: the service.s version', 'Version:',
                            'Version is not described')

    def test_comment_of_another(self):
        self.assert_refused('Unsubscribe:', 'Leave:',
                            "Unsubscribe: the comment before it is of 'Leave'")


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
