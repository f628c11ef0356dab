# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The tutorial's application, and beside it a consumer that tests can see into."""

from channels.routing import ProtocolTypeRouter, URLRouter
from classify.asgi import application as tutorial
from django.urls import path

from .consumers import ProbeConsumer

PATH = '/ws/probe/'

probe = ProtocolTypeRouter({
    'websocket': URLRouter([path('ws/probe/<group>/', ProbeConsumer.as_asgi())]),
})


async def application(scope, receive, send):
    chosen = probe if scope['path'].startswith(PATH) else tutorial
    await chosen(scope, receive, send)
