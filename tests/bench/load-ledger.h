/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <string.h>

#include "load-histogram.h"

G_BEGIN_DECLS

#define LOAD_DIGITS 8 /* of a message's number, hexadecimal */

/* A message under way. */
typedef struct
{
  guint64 digits; /* its number, as it stands in the message */
  gint64 sent_at; /* ns */
  guint seen;     /* tabs that have it */
} LoadSlot;

/* What became of what was sent: see load-ledger.c. */
typedef struct
{
  LoadSlot *slots; /* (owned): a ring */
  guint mask;      /* its length - 1 */
  guint n_tabs;
  guint32 n_sent;
  guint32 n_complete;  /* the first so many have reached every tab */
  guint32 n_before;    /* those that are not counted: sent before the last reset */
  GHashTable *missing; /* (owned): tab and number of what was overtaken, as gint64 */
  guint64 n_deliveries;
  guint64 n_late;  /* of the deliveries, those that came after a later message */
  guint64 n_twice; /* beyond the deliveries */
  guint64 n_alien; /* numbers that were never sent */
  LoadHistogram latencies;
} LoadLedger;

/* At most @n_under_way messages are sent and not complete at any time. */
LoadLedger *load_ledger_new (guint n_tabs, guint n_under_way);

void load_ledger_free (LoadLedger *self);

/* Numbers a message: writes its digits. */
void load_ledger_send (LoadLedger *self, gint64 now, char digits[LOAD_DIGITS]);

/* Puts a delivery down that is not the message which its tab should get next. Returns FALSE where
 * the digits are none: this was no message. */
gboolean load_ledger_take_odd (LoadLedger *self,
                               guint tab,
                               guint32 *next,
                               const char digits[LOAD_DIGITS],
                               gint64 now);

/* How many deliveries of the messages that are counted are still due. */
guint64 load_ledger_count_lost (const LoadLedger *self);

/* Counts anew, for what comes after a warm-up. All that was sent must be complete. */
void load_ledger_reset (LoadLedger *self);

static inline void
load_ledger_put (LoadLedger *self, LoadSlot *slot, gint64 now)
{
  self->n_deliveries++;
  load_histogram_add (&self->latencies, now - slot->sent_at);
  slot->seen++;
  while (self->n_complete != self->n_sent &&
         self->slots[self->n_complete & self->mask].seen == self->n_tabs)
    self->n_complete++;
}

/* Puts down that a tab, whose next message is @next, got one with these digits. Inline: that it is
 * the right one is one comparison. */
static inline gboolean
load_ledger_take (LoadLedger *self,
                  guint tab,
                  guint32 *next,
                  const char digits[LOAD_DIGITS],
                  gint64 now)
{
  LoadSlot *slot = &self->slots[*next & self->mask];

  if (memcmp (digits, &slot->digits, LOAD_DIGITS) != 0 || *next == self->n_sent)
    return load_ledger_take_odd (self, tab, next, digits, now);

  (*next)++;
  load_ledger_put (self, slot, now);

  return TRUE;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LoadLedger, load_ledger_free)

G_END_DECLS
