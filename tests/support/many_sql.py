"""The statements of tests/support/many.py.

``HERE`` and ``HERE_WITH_CONTENT`` stand for the lots of one batch, joined to documents ``c``.
"""

WORKDAYS = "CREATE TEMP TABLE many_days (n int PRIMARY KEY, day date UNIQUE)"
KIND_TABLE = (
    "CREATE TEMP TABLE many_kinds (n int PRIMARY KEY, type text, pole text, destination text, "
    "delay int)"
)
LOT_TABLE = (
    "CREATE TEMP TABLE many_lots (n int PRIMARY KEY, id uuid, site text, station text, "
    "at timestamptz, day_n int)"
)
STATIONS = """
INSERT INTO stations (site, station, versions, connected_at, heartbeat_at, backlog_documents,
  backlog_bytes, free_disk_bytes, pages_per_minute, lots_open, lots_incomplete,
  rated_pages_per_minute, certificate_until)
SELECT site, 'poste-' || p,
  '{"program": "0.3.0", "plan": "2026-11", "model reader": "a41f09c2"}',
  CAST(:now AS timestamptz) - interval '3 days',
  CAST(:now AS timestamptz) - CASE WHEN site = 'gien' AND p = 2 THEN interval '47 min'
    ELSE make_interval(secs => 5 * p) END,
  CASE WHEN site = 'gien' AND p = 2 THEN 1240 ELSE 7 * p END, 81000000 * p,
  180000000000 - 9000000000 * p, 180 + 61 * p, 3, CASE WHEN site = 'orleans' THEN 1 ELSE 0 END,
  420, CAST(:now AS timestamptz) + CASE WHEN site = 'montargis' THEN interval '19 days'
    ELSE interval '300 days' END
FROM sites, generate_series(1, 2) p
"""
PEOPLE = """
INSERT INTO people (login, name, roles, team)
SELECT 'many' || n, (ARRAY['Karim Benali', 'Léa Martin', 'Jules Moreau', 'Anne Leroy'])[n],
  ARRAY['keyer'], 'équipe A' FROM generate_series(1, 4) n
"""
LOTS = """
WITH placed AS (
  SELECT n, least(floor(n * :lot / :per_day), (SELECT max(d.n) FROM many_days d
      WHERE d.day <= CAST(:today AS date))) AS day_n, n * :lot / :per_day AS place
  FROM generate_series(0, :lots - 1) n
), timed AS (
  SELECT p.n, d.n AS day_n, d.day + interval '6 hours' + make_interval(secs =>
      (p.place - p.day_n) * CASE WHEN d.day = CAST(:today AS date) THEN :open ELSE :work END) AS at,
    (CAST(:shares AS int[]))[1 + floor(random() * 10)::int] AS s, 1 + floor(random() * 2) AS p
  FROM placed p JOIN many_days d ON d.n = p.day_n
), made AS (
  INSERT INTO lots (id, name, site, station, channel, received_at, fund, process, priority, state,
    first_seen_at, reported_at)
  SELECT CAST(lpad(to_hex(CAST(extract(epoch FROM at) * 1000 AS bigint)), 12, '0') || '7aaa8'
      || substr(md5('l' || n), 1, 15) AS uuid),
    'LOT' || to_char(at, 'MMDD') || '-' || lpad(CAST(n AS text), 7, '0'),
    (CAST(:sites AS text[]))[s + 1], 'poste-' || p, 'scanner', at, '17', 'FSP',
    CAST(random() < 0.01 AS int), 'arriving', at + interval '2 min', at + interval '4 min'
  FROM timed RETURNING id, site, station, name, received_at
)
INSERT INTO many_lots
SELECT CAST(right(m.name, 7) AS int), m.id, m.site, m.station, m.received_at, t.day_n
FROM made m JOIN timed t ON t.n = CAST(right(m.name, 7) AS int)
"""
DOCUMENTS = """
WITH drawn AS (
  SELECT i, l.id AS lot_id, l.site, l.station, l.at, l.day_n, random() AS r, random() AS q,
    k.type, k.pole, k.destination, k.delay,
    CASE WHEN k.type = 'unknown' THEN 'name' WHEN random() < 0.78 THEN 'straight'
      WHEN random() < 0.68 THEN 'key' ELSE 'name' END AS route
  FROM generate_series(CAST(:first AS int), CAST(:last AS int) - 1) i
  JOIN many_lots l ON l.n = i / 20
  JOIN many_kinds k ON k.n = ('x' || substr(md5(CAST(i AS text)), 1, 7))::bit(28)::int % 100
)
INSERT INTO documents (id, lot_id, position, site, station, channel, received_at, received_on,
  fund, type, type_confidence, runner_up, layout, route, route_reasons, process, pole, destination,
  due_on, retention, marks, versions, priority, page_count, state, state_at, stored_at)
SELECT CAST(lpad(to_hex(CAST(extract(epoch FROM at + interval '1 min') * 1000 AS bigint) + i % 20),
      12, '0') || '7' || substr(md5(CAST(i AS text)), 1, 3) || '8'
      || substr(md5(CAST(i AS text)), 4, 15) AS uuid),
  lot_id, i % 20, site, station, 'scanner', at, CAST(at AS date), '17', type, 0.9 + r / 10, NULL,
  'verified', route, CASE route WHEN 'straight' THEN '{}'::text[]
    WHEN 'key' THEN ARRAY['field:nir'] ELSE ARRAY['type_doubtful'] END,
  'FSP', pole, destination, d.day, 'voucher', '{}',
  '{"program": "0.3.0", "plan": "2026-11", "model reader": "a41f09c2"}',
  CAST(q < 0.01 AS int), 1 + floor(r * 2.4),
  CASE WHEN i < :recent THEN
      CASE WHEN r < 0.00002 THEN 'dead' WHEN r < 0.0001 THEN 'discarded'
        WHEN r < 0.00013 THEN 'to_key' ELSE 'delivered' END
    WHEN route = 'name' AND q < 0.7 THEN CASE WHEN q < 0.02 THEN 'to_rescan' ELSE 'to_name' END
    WHEN route = 'key' AND q < 0.8 THEN 'to_key'
    WHEN route = 'straight' AND q < 0.06 THEN CASE WHEN q < 0.008 THEN 'dead' ELSE 'ready' END
    ELSE 'delivered' END,
  at + interval '2 min', at + interval '2 min' + make_interval(secs => i % 20)
FROM drawn JOIN many_days d ON d.n = day_n + delay
"""
DELIVERIES = """
INSERT INTO deliveries (document_id, destination, state, idempotency_key, priority, attempts,
  created_at, next_at, last_code, last_reason, delivered_at, receipt)
SELECT c.id, c.destination, CASE c.state WHEN 'ready' THEN 'waiting' ELSE c.state END,
  c.id || '-' || c.destination || '-1', c.priority, CASE c.state WHEN 'dead' THEN 6 ELSE 1 END,
  c.stored_at, c.stored_at,
  CASE WHEN c.state = 'dead' THEN 'http_422' END,
  CASE WHEN c.state = 'dead' THEN 'L''application a répondu 422 : NIR inconnu.' END,
  CASE WHEN c.state = 'delivered' THEN least(now() - interval '1 min', c.stored_at
    + CASE c.route WHEN 'straight' THEN interval '40 s' ELSE interval '5 h' END) END,
  CASE WHEN c.state = 'delivered' THEN left(md5(CAST(c.id AS text)), 12) END
FROM documents c JOIN HERE
WHERE c.state IN ('delivered', 'ready', 'dead', 'discarded')
"""
PAGES = """
INSERT INTO pages (document_id, number, file, file_index, sha256, role, rotation, skew_deg, dpi,
  width_mm, height_mm, blur, text, marks)
SELECT c.id, p, 'lot.tif', c.position + p, sha256(CAST(CAST(c.id AS text) || p AS bytea)), 'front',
  0, 0.2, 200, 210, 297, 0.1, '', '{}'
FROM documents c JOIN HERE_WITH_CONTENT CROSS JOIN generate_series(0, 2) p WHERE p < c.page_count
"""
FIELDS = """
WITH body AS (
  SELECT c.id, c.route, (1 + (l.n + c.position) % 2) || to_char(c.received_at, 'YYMM')
    || lpad(CAST(('x' || substr(md5(CAST(c.id AS text)), 1, 7))::bit(28)::int % 100000000 AS text),
    8, '0') AS nir
  FROM documents c JOIN HERE_WITH_CONTENT
)
INSERT INTO fields (document_id, position, name, value, raw, confidence, accepted, check_result,
  page, box_mm)
SELECT id, f.n, f.name,
  CASE f.n WHEN 0 THEN nir || lpad(CAST(97 - CAST(nir AS bigint) % 97 AS text), 2, '0')
    WHEN 1 THEN '12/11/2026' WHEN 2 THEN '26,50' ELSE NULL END,
  CASE f.n WHEN 0 THEN nir WHEN 1 THEN '12112026' WHEN 2 THEN '26.50' ELSE '' END,
  0.99 - 0.1 * f.n, NOT (f.n = 0 AND route = 'key') AND f.n < 3,
  CASE f.n WHEN 0 THEN 'ok' ELSE 'none' END, 0, ARRAY[20, 30 + 24 * f.n, 90, 8]
FROM body CROSS JOIN (VALUES (0, 'nir'), (1, 'act_date'), (2, 'amount'), (3, 'practitioner_id'))
  AS f (n, name)
"""
AUDIT = """
INSERT INTO audit (at, actor, action, subject, detail)
SELECT c.stored_at, 'station:' || c.site || '/' || c.station, 'document_stored',
  CAST(c.id AS text), CAST('{"pages": 1}' AS jsonb) FROM documents c JOIN HERE_WITH_CONTENT
UNION ALL
SELECT c.stored_at + interval '1 min', 'dispatch:w1', 'delivery_delivered', CAST(c.id AS text),
  CAST('{"attempts": 1}' AS jsonb) FROM documents c JOIN HERE_WITH_CONTENT
WHERE c.state = 'delivered'
"""
NAMINGS = """
INSERT INTO namings (document_id, person_id, act, type_before, type_after, seconds, named_at)
SELECT c.id, p.id, 'named', 'unknown', c.type, 6, c.stored_at + interval '3 h'
FROM documents c JOIN HERE_WITH_CONTENT
JOIN people p ON p.login = 'many' || (1 + (l.n + c.position) % 4)
WHERE c.route = 'name' AND c.state NOT IN ('to_name', 'to_rescan')
  AND c.stored_at < now() - interval '3 h'
"""
KEYINGS = """
INSERT INTO keyings (document_id, position, name, pass, person_id, value, machine_value,
  machine_confidence, seconds, keyed_at)
SELECT c.id, 0, 'nir', 'first', p.id, '1', '1', 0.5, 4, c.stored_at + interval '4 h'
FROM documents c JOIN HERE_WITH_CONTENT
JOIN people p ON p.login = 'many' || (1 + (l.n + c.position) % 4)
WHERE c.route = 'key' AND c.state NOT IN ('to_key', 'to_name')
  AND c.stored_at < now() - interval '4 h'
"""
RETURNS = """
INSERT INTO returns (document_id, destination, round, cause, channel, returned_at)
SELECT c.id, c.destination, 1, (ARRAY['wrong_pole', 'wrong_type', 'incomplete', 'duplicate'])
  [1 + (l.n + c.position) % 4], 'http', c.stored_at + interval '1 day'
FROM documents c JOIN HERE_WITH_CONTENT
WHERE c.state = 'delivered' AND md5(CAST(c.id AS text)) < '004'
  AND c.stored_at < now() - interval '1 day'
"""
STATEMENTS = (
    DOCUMENTS, DELIVERIES, PAGES, FIELDS, AUDIT, NAMINGS, KEYINGS, RETURNS,
)  # fmt: skip
AFTER = (
    """
    UPDATE lots SET documents = s.documents, document_pages = s.pages,
      loose_pages = s.documents / 2, counted_pages = s.pages + s.documents / 2,
      expected_pages = s.pages + s.documents / 2
        + CASE WHEN md5(CAST(lots.id AS text)) < '02' THEN 1 ELSE 0 END,
      state = CASE WHEN md5(CAST(lots.id AS text)) > 'fe' THEN 'closed_short' ELSE 'read' END,
      set_aside = CASE WHEN md5(CAST(lots.id AS text)) > 'fb' THEN CAST('[{"file": "0012.tif",
        "page": null, "code": "file_truncated", "reason": "Fichier tronqué."}]' AS jsonb)
        ELSE '[]' END
    FROM (SELECT lot_id, count(*) AS documents, sum(page_count) AS pages FROM documents
      GROUP BY lot_id) s
    WHERE s.lot_id = lots.id
    """,
    """
    UPDATE lots SET state = 'arriving', reported_at = NULL, counted_pages = NULL, documents = NULL,
      document_pages = NULL, loose_pages = NULL, set_aside = '[]'
    WHERE id IN (SELECT id FROM lots ORDER BY received_at DESC LIMIT 3)
    """,
    """
    INSERT INTO rescans (id, document_id, site, station, lot_name, reason, state, person_id,
      asked_at)
    SELECT c.id, c.id, c.site, c.station, l.name, 'Page coupée en bas : recommencez le scan.',
      CASE WHEN c.position % 2 = 0 THEN 'asked' ELSE 'told' END,
      (SELECT min(id) FROM people), c.stored_at + interval '5 min'
    FROM documents c JOIN lots l ON l.id = c.lot_id WHERE c.state = 'to_rescan'
    """,
    """
    INSERT INTO controls (document_id, cause, state, type, site, drawn_at)
    SELECT id, 'sample', 'waiting', type, site, stored_at FROM documents
    WHERE state = 'delivered' AND route = 'straight' ORDER BY stored_at DESC LIMIT 40
    """,
    """
    INSERT INTO circuits (destination, state, failures, open_until, last_code)
    VALUES ('SANDIA', 'open', 9, now() + interval '4 min', 'application_unavailable')
    """,
)
HERE = """
many_lots l ON l.id = c.lot_id AND l.n >= CAST(:first AS int) / 20
  AND l.n < CAST(:last AS int) / 20
"""
HERE_WITH_CONTENT = f"{HERE} AND l.n >= CAST(:content AS int) / 20"


def spelled(statement: str) -> str:
    """A statement with the lots of its batch."""
    told = statement.replace("JOIN HERE_WITH_CONTENT", f"JOIN {HERE_WITH_CONTENT}")
    return told.replace("JOIN HERE\n", f"JOIN {HERE}\n")
