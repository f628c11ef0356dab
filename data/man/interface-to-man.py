#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Writes the manual page of a D-Bus interface from its XML.

    interface-to-man.py INTERFACE.xml METAINFO.xml PROJECT OUTPUT

The words are those of the comments, in the form that gdbus-codegen reads: each
stands before its element and begins with the element's name; `@name:` describes
an argument, `text` is literal. A member or an argument without words is an
error. The metainfo tells the version, with its date.
"""

import os
import re
import sys
import xml.etree.ElementTree as ElementTree

SEE_ALSO = ('channelsctl', 1), ('channelsd', 1), ('gdbus', 1), ('channels.conf', 5)

ESCAPES = str.maketrans({'\\': r'\e', '-': r'\-', "'": r'\(aq', '"': r'\(dq', '~': r'\(ti',
                         '^': r'\(ha'})

KINDS = ('method', 'METHODS'), ('signal', 'SIGNALS'), ('property', 'PROPERTIES')
ACCESS = {'read': 'read-only', 'write': 'write-only', 'readwrite': 'read and write'}


class DocError(Exception):
    """The comment of an element does not describe it."""


class Doc:
    """A comment: its paragraphs, and the words for each argument."""

    def __init__(self, comment, name):
        head, _, rest = comment.strip().partition(':')
        if head != name:
            raise DocError(f'{name}: the comment before it is of {head!r}')
        self.name = name
        self.arguments = {}
        self.paragraphs = []
        for block in re.split(r'\n\s*\n', rest):
            description, *arguments = re.split(r'^\s*@(\w+):', block, flags=re.MULTILINE)
            if description.strip():
                self.paragraphs.append(' '.join(description.split()))
            for argument, words in zip(arguments[::2], arguments[1::2]):
                self.arguments[argument] = ' '.join(words.split())

    def pop(self, argument):
        """Takes the words of an argument out."""
        if not self.arguments.get(argument):
            raise DocError(f'{self.name}: {argument} is not described')
        return self.arguments.pop(argument)


def to_roff(text):
    """Running text with its literals and names of arguments, one sentence a line."""
    parts = re.split(r'(`[^`]+`|@\w+)', text)
    for i, part in enumerate(parts):
        if part.startswith('`'):
            literal = re.sub(r'@(\w+)', r'\\fI\1\\fB', part[1:-1].translate(ESCAPES))
            parts[i] = rf'\fB{literal}\fR'
        elif part.startswith('@'):
            parts[i] = rf'\fI{part[1:]}\fR'
        else:
            parts[i] = part.replace('\\', r'\e')
    lines = re.split(r'(?<=\.) +(?=[A-Z])', ''.join(parts))
    return [r'\&' + line if line[0] in ".'" else line for line in lines]


def signature(arguments):
    return '(' + ', '.join(rf'\fB{argument.get("type")}\fR \fI{argument.get("name")}\fR'
                           for argument in arguments) + ')'


def head_of(element):
    """What a member's name is followed by."""
    arguments = element.findall('arg')
    if element.tag == 'property':
        return rf'\fB{element.get("type")}\fR, {ACCESS[element.get("access")]}'.replace('-', r'\-')
    if element.tag == 'signal':
        return signature(arguments)
    taken = [argument for argument in arguments if argument.get('direction') == 'in']
    given = [argument for argument in arguments if argument.get('direction') == 'out']
    return signature(taken) + (rf' \(-> {signature(given)}' if given else '')


def member_lines(element, doc):
    """A member: its signature, its words, then its arguments."""
    yield '.TP'
    yield rf'\fB{element.get("name")}\fR {head_of(element)}'
    arguments = [(argument.get('name'), doc.pop(argument.get('name')))
                 for argument in element.findall('arg')]
    if doc.arguments:
        raise DocError(f'{doc.name} has no {", ".join(doc.arguments)}')
    if not doc.paragraphs and not arguments:
        raise DocError(f'{doc.name} is not described')
    for i, paragraph in enumerate(doc.paragraphs):
        if i:
            yield '.IP'
        yield from to_roff(paragraph)
    if not arguments:
        return
    yield '.RS'
    for name, words in arguments:
        yield from ('.TP', f'.I {name}')
        yield from to_roff(words)
    yield '.RE'


def described(parent):
    """Each element of the interface with its comment, in the order of the XML."""
    comment = ''
    for element in parent:
        if element.tag is ElementTree.Comment:
            comment = element.text
        else:
            yield element, Doc(comment, element.get('name'))
            comment = ''


def page_lines(interface, doc, project, release):
    """The whole page."""
    name = doc.name
    yield '.\\" SPDX-FileCopyrightText: 2026 The Channels developers'
    yield '.\\" SPDX-License-Identifier: LGPL-2.1-or-later'
    yield (f'.TH {name.upper()} 5 {release.get("date")} '
           f'"{project} {release.get("version")}" "D-Bus Interfaces"')
    yield from ('.nh', '.ad l')  # names are copied: none is taken apart
    yield from ('.SH NAME', rf'{name} \- {doc.pop("short_description")}', '.SH DESCRIPTION')
    for i, paragraph in enumerate(doc.paragraphs):
        if i:
            yield '.PP'
        yield from to_roff(paragraph)
    members = list(described(interface))
    for kind, title in KINDS:
        yield f'.SH {title}'
        for element, words in members:
            if element.tag == kind:
                yield from member_lines(element, words)
    yield '.SH SEE ALSO'
    for i, (page, section) in enumerate(SEE_ALSO):
        yield f'.BR {page} ({section})' + (',' if i < len(SEE_ALSO) - 1 else '')


def main(interface_path, metainfo_path, project, output):
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    release = ElementTree.parse(metainfo_path).find('releases/release')
    try:
        ((interface, doc),) = described(ElementTree.parse(interface_path, parser).getroot())
        lines = list(page_lines(interface, doc, project, release))
    except DocError as error:
        sys.exit(f'{os.path.basename(interface_path)}: {error}')
    with open(output, 'w', encoding='utf-8') as file:
        file.writelines(f'{line}\n' for line in lines)


if __name__ == '__main__':
    main(*sys.argv[1:])
