/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

#include "channels-msgpack.h"

G_BEGIN_DECLS

/**
 * ChannelsFernetError:
 * @CHANNELS_FERNET_ERROR_MALFORMED: not a token
 * @CHANNELS_FERNET_ERROR_UNKNOWN_KEY: a token that was made with another key, or was changed
 * @CHANNELS_FERNET_ERROR_TOO_OLD: a token past its age
 * @CHANNELS_FERNET_ERROR_FROM_FUTURE: a token by a clock that is more than
 * %CHANNELS_FERNET_CLOCK_SKEW_MAX ahead
 * @CHANNELS_FERNET_ERROR_NO_RANDOM: the kernel gives no random bytes
 *
 * What can go wrong with a token.
 */
typedef enum
{
  CHANNELS_FERNET_ERROR_MALFORMED,
  CHANNELS_FERNET_ERROR_UNKNOWN_KEY,
  CHANNELS_FERNET_ERROR_TOO_OLD,
  CHANNELS_FERNET_ERROR_FROM_FUTURE,
  CHANNELS_FERNET_ERROR_NO_RANDOM,
} ChannelsFernetError;

#define CHANNELS_FERNET_ERROR (channels_fernet_error_quark ())
GQuark channels_fernet_error_quark (void);

#define CHANNELS_FERNET_KEY_SIZE 32                        /* bytes, before base64 */
#define CHANNELS_FERNET_IV_SIZE 16                         /* bytes */
#define CHANNELS_FERNET_DATA_MAX CHANNELS_MSGPACK_SIZE_MAX /* bytes that one token may hold */
#define CHANNELS_FERNET_CLOCK_SKEW_MAX 60                  /* s, as in Python's cryptography */
#define CHANNELS_FERNET_ANY_AGE (-1)                       /* as a token's age: whatever it is */

typedef struct _ChannelsFernet ChannelsFernet;

ChannelsFernet *channels_fernet_new (void);

void channels_fernet_free (ChannelsFernet *self);

void channels_fernet_add_secret (ChannelsFernet *self, const char *secret);

void channels_fernet_add_key (ChannelsFernet *self, const guint8 *key);

gboolean channels_fernet_encrypt (ChannelsFernet *self,
                                  GByteArray *out,
                                  const guint8 *data,
                                  gsize length,
                                  gint64 now,
                                  GError **error);

void channels_fernet_encrypt_with_iv (ChannelsFernet *self,
                                      GByteArray *out,
                                      const guint8 *data,
                                      gsize length,
                                      gint64 now,
                                      const guint8 *iv);

GBytes *channels_fernet_decrypt (ChannelsFernet *self,
                                 const guint8 *token,
                                 gsize length,
                                 gint64 now,
                                 gint64 max_age,
                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsFernet, channels_fernet_free)

G_END_DECLS
