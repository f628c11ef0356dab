/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-connection.h"
#include "ws-client.h"

G_BEGIN_DECLS

#define CONVERSATION_GROUP "chat_chat_room"

/* 125 bytes, the most that a control frame may hold. */
#define CONVERSATION_ALPHABET                                                                      \
  "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"                                \
  "lmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstu"

/**
 * Conversation:
 *
 * A fixture: a browser at one end of a loopback connection, and at the other a ChannelsConnection
 * with all that it needs.
 */
typedef struct
{
  ChannelsPoller *poller;         /* (owned) */
  ChannelsLayer *layer;           /* (owned) */
  ChannelsHub *hub;               /* (owned) */
  ChannelsLimits limits;          /* change them before it starts */
  ChannelsAudience *audience;     /* (owned) */
  int ours;                       /* (owned): the server's descriptor, until it starts */
  WsClient *client;               /* (owned) (nullable): the test may end it */
  ChannelsSocket *socket;         /* (unowned) (nullable): once started, until it is closed */
  ChannelsConnection *connection; /* (owned) (nullable): once started */
  guint closed;                   /* how often the connection said that it is */
} Conversation;

typedef void (*ConversationFunc) (Conversation *talk, gconstpointer data);

void conversation_add_test (const char *path, gconstpointer data, ConversationFunc test);

void conversation_start (Conversation *talk, GBytes *early);

void conversation_start_with (Conversation *talk, ChannelsConsumer *consumer);

void conversation_settle (Conversation *talk);

char *conversation_find_channel (Conversation *talk);

void conversation_send_to_group (Conversation *talk, const char *text);

void conversation_expect_error (Conversation *talk, const char *code);

void conversation_expect_closed (Conversation *talk);

G_END_DECLS
