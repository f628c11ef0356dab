# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# Prints a Django project's CHANNEL_LAYERS in one line of JSON, in ASCII. Run by the project's own
# manage.py, in Python 3.7 and later. What JSON does not have is tagged: see channels-ctl-python.h,
# and channels-ctl-django-project.c for the mark that the line begins with.

import base64
import json
import math
import os
import re

from django.conf import settings


def tagged(tag, value):
    return {'__python__': tag, 'value': value}


def name(kind):
    return kind.__module__ + '.' + kind.__qualname__


def plain(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int) and -2 ** 63 <= value < 2 ** 64:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, (bytes, bytearray)):
        return tagged('bytes', base64.b64encode(value).decode())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: plain(value[key]) for key in value}
        return tagged('dict', [[plain(key), plain(value[key])] for key in value])
    if isinstance(value, os.PathLike):
        return plain(os.fspath(value))
    if isinstance(value, type(re.compile(''))):
        return tagged('pattern', str(value.pattern))
    if isinstance(value, type):
        return tagged('class', name(value))
    return tagged('other', name(type(value)))


print('\nCHANNEL_LAYERS=' + json.dumps(plain(getattr(settings, 'CHANNEL_LAYERS', {}))))
