/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "load-options.h"
#include "load-tab.h"

G_BEGIN_DECLS

/* A message as it is sent, all but its number. */
typedef struct
{
  GByteArray *bytes; /* (owned) */
  gsize digits_at;
  guint8 mask[LOAD_DIGITS]; /* of the digits */
} LoadMessage;

void load_message_init (LoadMessage *self, const LoadOptions *options);

void load_message_clear (LoadMessage *self);

/* Publishes @n messages with as few writes as there can be. */
void load_message_publish (const LoadMessage *self, LoadTabs *tabs, guint n);

/* Publishes a knock. */
void load_message_knock (const LoadMessage *self, LoadTabs *tabs);

G_END_DECLS
