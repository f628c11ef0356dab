/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * CHANNELS_HTTP_ERROR:
 *
 * Why a request is refused: the error's code is the HTTP status, its message what the asker
 * may read, in plain words that begin a sentence but for their letter case and the full stop.
 */
#define CHANNELS_HTTP_ERROR (channels_http_error_quark ())
GQuark channels_http_error_quark (void);

/**
 * ChannelsHttpField:
 * @name: a field's name; `NULL` ends a table of them
 * @value: its value
 */
typedef struct
{
  const char *name;
  const char *value;
} ChannelsHttpField;

/* What every answer says, page or refusal: nothing is kept, framed, guessed at or told to others.
 */
extern const ChannelsHttpField channels_http_fields[];

GBytes *channels_http_error_to_answer (const GError *error, gboolean head_only);

G_END_DECLS
