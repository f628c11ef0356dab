# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

from django.core.management.base import BaseCommand
from chat.consumers import ChatConsumer


class Command(BaseCommand):
    help = 'Send a WebSocket message from backend'

    def add_arguments(self, parser):
        parser.add_argument('message', nargs='?',
                            default="這是從後端通過 command 發送的 WebSocket 訊息")

    def handle(self, *args, **kwargs):
        ChatConsumer.send_to_frontend(kwargs['message'])
        self.stdout.write(self.style.SUCCESS('Message sent successfully'))
