/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

#include "channels-http-error.h"

G_BEGIN_DECLS

#define CHANNELS_REQUEST_TARGET_MAX 2048
#define CHANNELS_REQUEST_FIELDS_MAX 64

/* The one subprotocol that is ever chosen. */
#define CHANNELS_SUBPROTOCOL "channels.v1"

/**
 * ChannelsRequestHead:
 *
 * What a strict, bounded request head said that matters here; all else is dropped.
 */
typedef struct
{
  char *method; /* (owned) GET or HEAD */
  char *path;   /* (owned) absolute, percent-encoding as it came */
  char *query;  /* (owned) (nullable) without the ? */
  char *host;   /* (owned) */
  char *origin; /* (owned) (nullable) */
  char *key;    /* (owned) (nullable) Sec-WebSocket-Key: set if and only if it is a valid upgrade */
  char *protocols;      /* (owned) (nullable) an upgrade's subprotocols, joined by ", " */
  gsize content_length; /* bytes of body that follow, to be thrown away */
} ChannelsRequestHead;

gssize channels_request_head_find_end (const char *data, gsize length);

ChannelsRequestHead *
channels_request_head_parse (const char *data, gsize length, gsize max_body, GError **error);

char *channels_request_head_to_string (const ChannelsRequestHead *self);

void channels_request_head_free (ChannelsRequestHead *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRequestHead, channels_request_head_free)

G_END_DECLS
