/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "load-ledger.h"
#include "load-options.h"

G_BEGIN_DECLS

#define LOAD_MARK '~'         /* in front of a message's number */
#define LOAD_KNOCK "knocking" /* instead of it: see load-client.c; no hexadecimal digits */
#define LOAD_NO_TAB G_MAXUINT

typedef enum
{
  LOAD_TAB_UNUSED,
  LOAD_TAB_CONNECTING, /* TCP */
  LOAD_TAB_UPGRADING,  /* HTTP */
  LOAD_TAB_GREETING,   /* said hello, and waits for what tells that it is ready */
  LOAD_TAB_READY,
  LOAD_TAB_CLOSED,
} LoadTabState;

/* One connection. */
typedef struct
{
  int fd;
  LoadTabState state;
  guint index;        /* in the ledger; LOAD_NO_TAB: what it gets does not count */
  guint32 next;       /* number of the message that it should get next */
  gboolean knocked;   /* it has got a knock */
  GByteArray *rest;   /* (owned) (nullable): read, and no whole frame yet */
  GByteArray *cut;    /* (owned) (nullable): the beginning of a message that a frame cut off */
  GByteArray *unsent; /* (owned) (nullable) */
} LoadTab;

/* All connections, and what they share. */
typedef struct
{
  const LoadOptions *options; /* (unowned) */
  LoadLedger *ledger;         /* (owned) */
  int epoll;
  LoadTab *tabs; /* (owned): those of the ledger, and maybe one that publishes behind them */
  guint n_tabs;
  guint n_started;
  guint n_ready;
  guint n_knocked;
  guint n_closed;
  gsize mark_at;  /* where the mark was in the last frame: it will be there in the next; < size */
  guint8 *buffer; /* (owned) */
} LoadTabs;

LoadTabs *load_tabs_new (const LoadOptions *options);

void load_tabs_free (LoadTabs *self);

/* Connects all, options->at_once at a time. Returns FALSE where one is refused, or not ready within
 * minutes. */
gboolean load_tabs_connect (LoadTabs *self);

/* Writes what the publisher says; what the socket does not take waits. */
void load_tabs_publish (LoadTabs *self, const void *data, gsize length);

/* Waits for anything to happen, at most so long, and handles it. Returns TRUE if the timer, a file
 * descriptor that the caller has put into the epoll set with a NULL pointer, is among it. */
gboolean load_tabs_wait (LoadTabs *self, int timeout_ms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LoadTabs, load_tabs_free)

G_END_DECLS
