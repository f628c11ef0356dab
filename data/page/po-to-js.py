#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Writes the page's translations as an ES module.

    po-to-js.py OUTPUT [LANGUAGE.po…]

The module's default export maps BCP 47 language tags to objects that map
English texts to translated ones. Only finished translations of texts from
data/page/ are taken.
"""

import gettext
import io
import json
import os
import subprocess
import sys

SCRIPTS = {'latin': 'Latn', 'cyrillic': 'Cyrl'}


def language_tag(path):
    """zh_TW.po -> zh-TW, sr@latin.po -> sr-Latn."""
    locale, _, modifier = os.path.basename(path).removesuffix('.po').partition('@')
    language, *region = locale.split('_')
    script = [SCRIPTS[modifier]] if modifier else []
    return '-'.join([language, *script, *region])


def read_catalogue(path):
    """Returns the page's texts of a .po file, English -> translated."""
    ours = subprocess.run(['msggrep', '--location=data/page/*', path],
                          stdout=subprocess.PIPE, check=True)
    compiled = subprocess.run(['msgfmt', '--output-file=-', '-'], input=ours.stdout,
                              stdout=subprocess.PIPE, check=True)
    if not compiled.stdout:
        return {}
    translations = gettext.GNUTranslations(io.BytesIO(compiled.stdout))
    # The empty text is the catalogue's header.
    return {text: translations.gettext(text)
            for text in translations._catalog if text}


def main(output, *paths):
    catalogues = {language_tag(path): read_catalogue(path) for path in paths}
    module = json.dumps(catalogues, ensure_ascii=False, indent=2, sort_keys=True)
    with open(output, 'w', encoding='utf-8') as file:
        file.write(f'export default {module};\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
