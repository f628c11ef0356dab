/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsLimit:
 *
 * The bounds that hold everywhere in the house. Each is a key of `[Limits]` in
 * the configuration; the table in `channels-limits.c` has its name, default and range.
 *
 * @CHANNELS_LIMIT_MESSAGE_SIZE: bytes of one message from a browser, however fragmented
 * @CHANNELS_LIMIT_NESTING: depth of JSON and MessagePack
 * @CHANNELS_LIMIT_BACKLOG: bytes that may wait for one slow browser
 * @CHANNELS_LIMIT_BACKLOG_EVENTS: events that may wait for one slow browser
 * @CHANNELS_LIMIT_CONNECTIONS: WebSocket connections
 * @CHANNELS_LIMIT_REQUEST_HEAD: bytes of an HTTP request's head
 * @CHANNELS_LIMIT_REQUEST_TIME: seconds in which the head must have arrived
 * @CHANNELS_LIMIT_REQUEST_BODY: bytes of an HTTP request's body
 * @CHANNELS_LIMIT_PING_INTERVAL: seconds of silence after which a browser is pinged; 0: never
 * @CHANNELS_LIMIT_PONG_TIMEOUT: seconds after the ping in which it must have sent something
 * @CHANNELS_LIMIT_MESSAGE_RATE: messages a second from one browser; 0: no limit
 * @CHANNELS_LIMIT_MESSAGE_BURST: messages that one browser may send at once
 * @CHANNELS_LIMIT_GROUPS_PER_PEER: groups that one bus client may join
 * @CHANNELS_LIMIT_EVENT_SIZE: bytes of one event from the bus
 */
typedef enum
{
  CHANNELS_LIMIT_MESSAGE_SIZE,
  CHANNELS_LIMIT_NESTING,
  CHANNELS_LIMIT_BACKLOG,
  CHANNELS_LIMIT_BACKLOG_EVENTS,
  CHANNELS_LIMIT_CONNECTIONS,
  CHANNELS_LIMIT_REQUEST_HEAD,
  CHANNELS_LIMIT_REQUEST_TIME,
  CHANNELS_LIMIT_REQUEST_BODY,
  CHANNELS_LIMIT_PING_INTERVAL,
  CHANNELS_LIMIT_PONG_TIMEOUT,
  CHANNELS_LIMIT_MESSAGE_RATE,
  CHANNELS_LIMIT_MESSAGE_BURST,
  CHANNELS_LIMIT_GROUPS_PER_PEER,
  CHANNELS_LIMIT_EVENT_SIZE,
  CHANNELS_N_LIMITS,
} ChannelsLimit;

/**
 * ChannelsLimits:
 * @value: the bound of each #ChannelsLimit
 *
 * A set of bounds. A plain value: copy it.
 */
typedef struct
{
  guint64 value[CHANNELS_N_LIMITS];
} ChannelsLimits;

/**
 * ChannelsLimitInfo:
 * @key: its key in `[Limits]`
 * @value: the default
 * @minimum: the smallest value that can be set
 * @maximum: the largest
 *
 * What can be said of one bound.
 */
typedef struct
{
  const char *key;
  guint64 value;
  guint64 minimum;
  guint64 maximum;
} ChannelsLimitInfo;

void channels_limits_init (ChannelsLimits *self);

const ChannelsLimitInfo *channels_limit_get_info (ChannelsLimit limit);

G_END_DECLS
