# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

import ast

from channels.generic.websocket import AsyncWebsocketConsumer

METHODS = {'group_add', 'group_send', 'receive', 'send'}


class ProbeConsumer(AsyncWebsocketConsumer):
    """A member of the group that its path names, which tells its browser all.

    Every event of type chat_message or probe_event is shown as Python writes
    it, so that no value changes on the way. The browser sends such text too: a
    tuple of the name of a method of the channel layer and its
    arguments; 'done', what was received, or the name of the exception, is the
    answer. The first text is its own channel's name.
    """

    async def connect(self):
        self.group = self.scope['url_route']['kwargs']['group']
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.tell(self.channel_name)

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data):
        method, *arguments = ast.literal_eval(text_data)
        assert method in METHODS
        try:
            result = await getattr(self.channel_layer, method)(*arguments)
        except Exception as error:
            await self.tell(type(error).__name__)
        else:
            await self.tell('done' if result is None else result)

    async def chat_message(self, event):
        await self.tell(event)

    async def probe_event(self, event):
        await self.tell(event)

    async def tell(self, value):
        await self.send(text_data=repr(value))
