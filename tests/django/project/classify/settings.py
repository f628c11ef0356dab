# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A Django project with Channels and no database.

The environment says which channel layer it is a node of:
    LAYER_BACKEND   core or pubsub: a module of channels_redis; memory: no other node
    LAYER_HOSTS     URLs of Redis servers, in ring order, with spaces between
    LAYER_KEYS      symmetric encryption keys, with semicolons between; may be empty
"""

import os

BACKENDS = {
    'core': 'channels_redis.core.RedisChannelLayer',
    'pubsub': 'channels_redis.pubsub.RedisPubSubChannelLayer',
    'memory': 'channels.layers.InMemoryChannelLayer',
}

SECRET_KEY = 'nothing here is secret'
DEBUG = False
ALLOWED_HOSTS = ['127.0.0.1']
USE_TZ = True

INSTALLED_APPS = [
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.sessions',
    'channels',
    'chat',
    'probe',
]

DATABASES = {}
SESSION_ENGINE = 'django.contrib.sessions.backends.signed_cookies'

ASGI_APPLICATION = 'classify.asgi.application'

BACKEND = os.environ['LAYER_BACKEND']

CHANNEL_LAYERS = {
    'default': {
        'BACKEND': BACKENDS[BACKEND],
        'CONFIG': {} if BACKEND == 'memory' else {
            'hosts': os.environ['LAYER_HOSTS'].split(),
            'symmetric_encryption_keys': list(filter(None, os.environ['LAYER_KEYS'].split(';'))),
        },
    },
}
