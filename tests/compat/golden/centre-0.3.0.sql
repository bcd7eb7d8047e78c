-- A database of the centre of 0.3.0 (schema 0002), made by that version with what its own code did: mail
-- queued, tried, in the hands of a worker that died, held, dead, delivered, given back, keyed, to be
-- scanned again, moved by the plan; accounts, one with a code, one locked. pg_dump --inserts.
SELECT pg_catalog.set_config('search_path', '', false);
CREATE FUNCTION public.audit_is_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.audit (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL
);
COMMENT ON TABLE public.audit IS 'Append-only, enforced by a trigger; never holds what a page says';
COMMENT ON COLUMN public.audit.actor IS 'station, process or person';
COMMENT ON COLUMN public.audit.subject IS 'a document''s, lot''s or delivery''s id';
ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.blobs (
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_blobs_sha256 CHECK ((length(sha256) = 32))
);
COMMENT ON TABLE public.blobs IS 'Source files that are durably in the blob store';
CREATE TABLE public.circuits (
    destination text NOT NULL,
    state text DEFAULT 'closed'::text NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    open_until timestamp with time zone,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    last_code text,
    CONSTRAINT ck_circuits_state CHECK ((state = ANY (ARRAY['closed'::text, 'open'::text, 'half_open'::text])))
);
COMMENT ON TABLE public.circuits IS 'Shared by all dispatch processes';
COMMENT ON COLUMN public.circuits.failures IS 'in a row';
CREATE TABLE public.controls (
    document_id uuid NOT NULL,
    cause text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    type text NOT NULL,
    site text NOT NULL,
    drawn_at timestamp with time zone DEFAULT now() NOT NULL,
    person_id bigint,
    keyed_at timestamp with time zone,
    done_at timestamp with time zone,
    fields integer DEFAULT 0 NOT NULL,
    machine_wrong integer DEFAULT 0 NOT NULL,
    person_wrong integer DEFAULT 0 NOT NULL,
    CONSTRAINT ck_controls_cause CHECK ((cause = ANY (ARRAY['sample'::text, 'new_form'::text, 'first_weeks'::text]))),
    CONSTRAINT ck_controls_state CHECK ((state = ANY (ARRAY['waiting'::text, 'disputed'::text, 'done'::text])))
);
COMMENT ON TABLE public.controls IS 'Straight-through documents, keyed blind to measure what the machine misses';
COMMENT ON COLUMN public.controls.fields IS 'compared';
CREATE TABLE public.deliveries (
    document_id uuid NOT NULL,
    destination text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    round smallint DEFAULT '1'::smallint NOT NULL,
    idempotency_key text NOT NULL,
    priority smallint DEFAULT '0'::smallint NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    lease_until timestamp with time zone,
    claimed_by text,
    last_code text,
    last_reason text,
    delivered_at timestamp with time zone,
    receipt text,
    CONSTRAINT ck_deliveries_state CHECK ((state = ANY (ARRAY['waiting'::text, 'claimed'::text, 'delivered'::text, 'dead'::text, 'held'::text, 'discarded'::text, 'returned'::text])))
);
COMMENT ON TABLE public.deliveries IS 'One row for each document and destination';
COMMENT ON COLUMN public.deliveries.round IS '2 after a return';
CREATE TABLE public.documents (
    id uuid NOT NULL,
    lot_id uuid NOT NULL,
    "position" integer NOT NULL,
    site text NOT NULL,
    station text NOT NULL,
    channel text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_on date NOT NULL,
    fund text NOT NULL,
    type text NOT NULL,
    type_confidence double precision NOT NULL,
    runner_up text,
    layout text,
    route text NOT NULL,
    route_reasons text[] NOT NULL,
    process text NOT NULL,
    pole text NOT NULL,
    destination text NOT NULL,
    due_on date,
    retention text NOT NULL,
    marks text[] NOT NULL,
    versions jsonb NOT NULL,
    priority smallint DEFAULT '0'::smallint NOT NULL,
    page_count integer NOT NULL,
    state text NOT NULL,
    state_at timestamp with time zone DEFAULT now() NOT NULL,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    split_from uuid,
    joined_into uuid,
    key_pass smallint DEFAULT '1'::smallint NOT NULL,
    CONSTRAINT ck_documents_channel CHECK ((channel = ANY (ARRAY['scanner'::text, 'mailbox'::text, 'platform'::text, 'upload'::text]))),
    CONSTRAINT ck_documents_layout CHECK ((layout = ANY (ARRAY['verified'::text, 'unverified'::text]))),
    CONSTRAINT ck_documents_route CHECK ((route = ANY (ARRAY['straight'::text, 'name'::text, 'key'::text]))),
    CONSTRAINT ck_documents_state CHECK ((state = ANY (ARRAY['ready'::text, 'to_name'::text, 'to_key'::text, 'to_rescan'::text, 'delivered'::text, 'dead'::text, 'discarded'::text])))
)
PARTITION BY RANGE (id);
COMMENT ON COLUMN public.documents.id IS 'UUIDv7 given by the station; partition key';
COMMENT ON COLUMN public.documents.route IS 'as decided at the edge';
COMMENT ON COLUMN public.documents.page_count IS 'as the station sent it; 0: made by people';
COMMENT ON COLUMN public.documents.split_from IS 'the document that a person cut it off';
COMMENT ON COLUMN public.documents.joined_into IS 'the document that a person joined it to, or it answers';
COMMENT ON COLUMN public.documents.key_pass IS '1, 2; 3: arbitration';
CREATE TABLE public.documents_default (
    id uuid NOT NULL,
    lot_id uuid NOT NULL,
    "position" integer NOT NULL,
    site text NOT NULL,
    station text NOT NULL,
    channel text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_on date NOT NULL,
    fund text NOT NULL,
    type text NOT NULL,
    type_confidence double precision NOT NULL,
    runner_up text,
    layout text,
    route text NOT NULL,
    route_reasons text[] NOT NULL,
    process text NOT NULL,
    pole text NOT NULL,
    destination text NOT NULL,
    due_on date,
    retention text NOT NULL,
    marks text[] NOT NULL,
    versions jsonb NOT NULL,
    priority smallint DEFAULT '0'::smallint NOT NULL,
    page_count integer NOT NULL,
    state text NOT NULL,
    state_at timestamp with time zone DEFAULT now() NOT NULL,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    split_from uuid,
    joined_into uuid,
    key_pass smallint DEFAULT '1'::smallint NOT NULL,
    CONSTRAINT ck_documents_channel CHECK ((channel = ANY (ARRAY['scanner'::text, 'mailbox'::text, 'platform'::text, 'upload'::text]))),
    CONSTRAINT ck_documents_layout CHECK ((layout = ANY (ARRAY['verified'::text, 'unverified'::text]))),
    CONSTRAINT ck_documents_route CHECK ((route = ANY (ARRAY['straight'::text, 'name'::text, 'key'::text]))),
    CONSTRAINT ck_documents_state CHECK ((state = ANY (ARRAY['ready'::text, 'to_name'::text, 'to_key'::text, 'to_rescan'::text, 'delivered'::text, 'dead'::text, 'discarded'::text])))
);
CREATE TABLE public.documents_p202611 (
    id uuid NOT NULL,
    lot_id uuid NOT NULL,
    "position" integer NOT NULL,
    site text NOT NULL,
    station text NOT NULL,
    channel text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_on date NOT NULL,
    fund text NOT NULL,
    type text NOT NULL,
    type_confidence double precision NOT NULL,
    runner_up text,
    layout text,
    route text NOT NULL,
    route_reasons text[] NOT NULL,
    process text NOT NULL,
    pole text NOT NULL,
    destination text NOT NULL,
    due_on date,
    retention text NOT NULL,
    marks text[] NOT NULL,
    versions jsonb NOT NULL,
    priority smallint DEFAULT '0'::smallint NOT NULL,
    page_count integer NOT NULL,
    state text NOT NULL,
    state_at timestamp with time zone DEFAULT now() NOT NULL,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    split_from uuid,
    joined_into uuid,
    key_pass smallint DEFAULT '1'::smallint NOT NULL,
    CONSTRAINT ck_documents_channel CHECK ((channel = ANY (ARRAY['scanner'::text, 'mailbox'::text, 'platform'::text, 'upload'::text]))),
    CONSTRAINT ck_documents_layout CHECK ((layout = ANY (ARRAY['verified'::text, 'unverified'::text]))),
    CONSTRAINT ck_documents_route CHECK ((route = ANY (ARRAY['straight'::text, 'name'::text, 'key'::text]))),
    CONSTRAINT ck_documents_state CHECK ((state = ANY (ARRAY['ready'::text, 'to_name'::text, 'to_key'::text, 'to_rescan'::text, 'delivered'::text, 'dead'::text, 'discarded'::text])))
);
CREATE TABLE public.documents_p202612 (
    id uuid NOT NULL,
    lot_id uuid NOT NULL,
    "position" integer NOT NULL,
    site text NOT NULL,
    station text NOT NULL,
    channel text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_on date NOT NULL,
    fund text NOT NULL,
    type text NOT NULL,
    type_confidence double precision NOT NULL,
    runner_up text,
    layout text,
    route text NOT NULL,
    route_reasons text[] NOT NULL,
    process text NOT NULL,
    pole text NOT NULL,
    destination text NOT NULL,
    due_on date,
    retention text NOT NULL,
    marks text[] NOT NULL,
    versions jsonb NOT NULL,
    priority smallint DEFAULT '0'::smallint NOT NULL,
    page_count integer NOT NULL,
    state text NOT NULL,
    state_at timestamp with time zone DEFAULT now() NOT NULL,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    split_from uuid,
    joined_into uuid,
    key_pass smallint DEFAULT '1'::smallint NOT NULL,
    CONSTRAINT ck_documents_channel CHECK ((channel = ANY (ARRAY['scanner'::text, 'mailbox'::text, 'platform'::text, 'upload'::text]))),
    CONSTRAINT ck_documents_layout CHECK ((layout = ANY (ARRAY['verified'::text, 'unverified'::text]))),
    CONSTRAINT ck_documents_route CHECK ((route = ANY (ARRAY['straight'::text, 'name'::text, 'key'::text]))),
    CONSTRAINT ck_documents_state CHECK ((state = ANY (ARRAY['ready'::text, 'to_name'::text, 'to_key'::text, 'to_rescan'::text, 'delivered'::text, 'dead'::text, 'discarded'::text])))
);
CREATE TABLE public.documents_p202701 (
    id uuid NOT NULL,
    lot_id uuid NOT NULL,
    "position" integer NOT NULL,
    site text NOT NULL,
    station text NOT NULL,
    channel text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_on date NOT NULL,
    fund text NOT NULL,
    type text NOT NULL,
    type_confidence double precision NOT NULL,
    runner_up text,
    layout text,
    route text NOT NULL,
    route_reasons text[] NOT NULL,
    process text NOT NULL,
    pole text NOT NULL,
    destination text NOT NULL,
    due_on date,
    retention text NOT NULL,
    marks text[] NOT NULL,
    versions jsonb NOT NULL,
    priority smallint DEFAULT '0'::smallint NOT NULL,
    page_count integer NOT NULL,
    state text NOT NULL,
    state_at timestamp with time zone DEFAULT now() NOT NULL,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    split_from uuid,
    joined_into uuid,
    key_pass smallint DEFAULT '1'::smallint NOT NULL,
    CONSTRAINT ck_documents_channel CHECK ((channel = ANY (ARRAY['scanner'::text, 'mailbox'::text, 'platform'::text, 'upload'::text]))),
    CONSTRAINT ck_documents_layout CHECK ((layout = ANY (ARRAY['verified'::text, 'unverified'::text]))),
    CONSTRAINT ck_documents_route CHECK ((route = ANY (ARRAY['straight'::text, 'name'::text, 'key'::text]))),
    CONSTRAINT ck_documents_state CHECK ((state = ANY (ARRAY['ready'::text, 'to_name'::text, 'to_key'::text, 'to_rescan'::text, 'delivered'::text, 'dead'::text, 'discarded'::text])))
);
CREATE TABLE public.documents_p202702 (
    id uuid NOT NULL,
    lot_id uuid NOT NULL,
    "position" integer NOT NULL,
    site text NOT NULL,
    station text NOT NULL,
    channel text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_on date NOT NULL,
    fund text NOT NULL,
    type text NOT NULL,
    type_confidence double precision NOT NULL,
    runner_up text,
    layout text,
    route text NOT NULL,
    route_reasons text[] NOT NULL,
    process text NOT NULL,
    pole text NOT NULL,
    destination text NOT NULL,
    due_on date,
    retention text NOT NULL,
    marks text[] NOT NULL,
    versions jsonb NOT NULL,
    priority smallint DEFAULT '0'::smallint NOT NULL,
    page_count integer NOT NULL,
    state text NOT NULL,
    state_at timestamp with time zone DEFAULT now() NOT NULL,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    split_from uuid,
    joined_into uuid,
    key_pass smallint DEFAULT '1'::smallint NOT NULL,
    CONSTRAINT ck_documents_channel CHECK ((channel = ANY (ARRAY['scanner'::text, 'mailbox'::text, 'platform'::text, 'upload'::text]))),
    CONSTRAINT ck_documents_layout CHECK ((layout = ANY (ARRAY['verified'::text, 'unverified'::text]))),
    CONSTRAINT ck_documents_route CHECK ((route = ANY (ARRAY['straight'::text, 'name'::text, 'key'::text]))),
    CONSTRAINT ck_documents_state CHECK ((state = ANY (ARRAY['ready'::text, 'to_name'::text, 'to_key'::text, 'to_rescan'::text, 'delivered'::text, 'dead'::text, 'discarded'::text])))
);
CREATE TABLE public.drafts (
    document_id uuid NOT NULL,
    person_id bigint NOT NULL,
    queue text NOT NULL,
    content jsonb NOT NULL,
    saved_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_drafts_queue CHECK ((queue = ANY (ARRAY['name'::text, 'key'::text, 'control'::text])))
);
COMMENT ON TABLE public.drafts IS 'So that a reload, a cut or a restart loses nothing typed';
COMMENT ON COLUMN public.drafts.content IS 'what was typed and not sent yet';
CREATE TABLE public.fields (
    document_id uuid NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    value text,
    raw text NOT NULL,
    confidence double precision NOT NULL,
    accepted boolean NOT NULL,
    check_result text NOT NULL,
    page integer NOT NULL,
    box_mm double precision[],
    source text DEFAULT 'machine'::text NOT NULL,
    reason text,
    CONSTRAINT ck_fields_check_result CHECK ((check_result = ANY (ARRAY['ok'::text, 'repaired'::text, 'failed'::text, 'none'::text]))),
    CONSTRAINT ck_fields_reason CHECK ((reason = ANY (ARRAY['illegible'::text, 'absent'::text, 'wrong_on_paper'::text]))),
    CONSTRAINT ck_fields_source CHECK ((source = ANY (ARRAY['machine'::text, 'person'::text])))
)
PARTITION BY RANGE (document_id);
COMMENT ON COLUMN public.fields."position" IS 'order on the form';
COMMENT ON COLUMN public.fields.value IS 'null: unread';
COMMENT ON COLUMN public.fields.box_mm IS 'left, top, width, height in the upright frame';
COMMENT ON COLUMN public.fields.reason IS 'why a person left it empty';
CREATE TABLE public.fields_default (
    document_id uuid NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    value text,
    raw text NOT NULL,
    confidence double precision NOT NULL,
    accepted boolean NOT NULL,
    check_result text NOT NULL,
    page integer NOT NULL,
    box_mm double precision[],
    source text DEFAULT 'machine'::text NOT NULL,
    reason text,
    CONSTRAINT ck_fields_check_result CHECK ((check_result = ANY (ARRAY['ok'::text, 'repaired'::text, 'failed'::text, 'none'::text]))),
    CONSTRAINT ck_fields_reason CHECK ((reason = ANY (ARRAY['illegible'::text, 'absent'::text, 'wrong_on_paper'::text]))),
    CONSTRAINT ck_fields_source CHECK ((source = ANY (ARRAY['machine'::text, 'person'::text])))
);
CREATE TABLE public.fields_p202611 (
    document_id uuid NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    value text,
    raw text NOT NULL,
    confidence double precision NOT NULL,
    accepted boolean NOT NULL,
    check_result text NOT NULL,
    page integer NOT NULL,
    box_mm double precision[],
    source text DEFAULT 'machine'::text NOT NULL,
    reason text,
    CONSTRAINT ck_fields_check_result CHECK ((check_result = ANY (ARRAY['ok'::text, 'repaired'::text, 'failed'::text, 'none'::text]))),
    CONSTRAINT ck_fields_reason CHECK ((reason = ANY (ARRAY['illegible'::text, 'absent'::text, 'wrong_on_paper'::text]))),
    CONSTRAINT ck_fields_source CHECK ((source = ANY (ARRAY['machine'::text, 'person'::text])))
);
CREATE TABLE public.fields_p202612 (
    document_id uuid NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    value text,
    raw text NOT NULL,
    confidence double precision NOT NULL,
    accepted boolean NOT NULL,
    check_result text NOT NULL,
    page integer NOT NULL,
    box_mm double precision[],
    source text DEFAULT 'machine'::text NOT NULL,
    reason text,
    CONSTRAINT ck_fields_check_result CHECK ((check_result = ANY (ARRAY['ok'::text, 'repaired'::text, 'failed'::text, 'none'::text]))),
    CONSTRAINT ck_fields_reason CHECK ((reason = ANY (ARRAY['illegible'::text, 'absent'::text, 'wrong_on_paper'::text]))),
    CONSTRAINT ck_fields_source CHECK ((source = ANY (ARRAY['machine'::text, 'person'::text])))
);
CREATE TABLE public.fields_p202701 (
    document_id uuid NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    value text,
    raw text NOT NULL,
    confidence double precision NOT NULL,
    accepted boolean NOT NULL,
    check_result text NOT NULL,
    page integer NOT NULL,
    box_mm double precision[],
    source text DEFAULT 'machine'::text NOT NULL,
    reason text,
    CONSTRAINT ck_fields_check_result CHECK ((check_result = ANY (ARRAY['ok'::text, 'repaired'::text, 'failed'::text, 'none'::text]))),
    CONSTRAINT ck_fields_reason CHECK ((reason = ANY (ARRAY['illegible'::text, 'absent'::text, 'wrong_on_paper'::text]))),
    CONSTRAINT ck_fields_source CHECK ((source = ANY (ARRAY['machine'::text, 'person'::text])))
);
CREATE TABLE public.fields_p202702 (
    document_id uuid NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    value text,
    raw text NOT NULL,
    confidence double precision NOT NULL,
    accepted boolean NOT NULL,
    check_result text NOT NULL,
    page integer NOT NULL,
    box_mm double precision[],
    source text DEFAULT 'machine'::text NOT NULL,
    reason text,
    CONSTRAINT ck_fields_check_result CHECK ((check_result = ANY (ARRAY['ok'::text, 'repaired'::text, 'failed'::text, 'none'::text]))),
    CONSTRAINT ck_fields_reason CHECK ((reason = ANY (ARRAY['illegible'::text, 'absent'::text, 'wrong_on_paper'::text]))),
    CONSTRAINT ck_fields_source CHECK ((source = ANY (ARRAY['machine'::text, 'person'::text])))
);
CREATE TABLE public.flow (
    hour timestamp with time zone NOT NULL,
    site text NOT NULL,
    pole text NOT NULL,
    type text NOT NULL,
    received integer DEFAULT 0 NOT NULL,
    pages integer DEFAULT 0 NOT NULL,
    straight integer DEFAULT 0 NOT NULL,
    to_name integer DEFAULT 0 NOT NULL,
    to_key integer DEFAULT 0 NOT NULL,
    delivered integer DEFAULT 0 NOT NULL,
    delivered_late integer DEFAULT 0 NOT NULL,
    named integer DEFAULT 0 NOT NULL,
    keyed integer DEFAULT 0 NOT NULL,
    returned integer DEFAULT 0 NOT NULL
);
COMMENT ON TABLE public.flow IS 'Counts by the hour, made from the other tables; may be made again from them';
COMMENT ON COLUMN public.flow.received IS 'documents';
COMMENT ON COLUMN public.flow.delivered IS 'in that hour';
COMMENT ON COLUMN public.flow.delivered_late IS 'after due_on';
COMMENT ON COLUMN public.flow.named IS 'by people';
COMMENT ON COLUMN public.flow.keyed IS 'documents, by people';
COMMENT ON COLUMN public.flow.returned IS 'by pôles';
CREATE TABLE public.holds (
    id bigint NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    reason text NOT NULL,
    held_by text NOT NULL,
    held_at timestamp with time zone DEFAULT now() NOT NULL,
    released_by text,
    released_at timestamp with time zone,
    CONSTRAINT ck_holds_kind CHECK ((kind = ANY (ARRAY['destination'::text, 'type'::text, 'site'::text])))
);
COMMENT ON TABLE public.holds IS 'Deliveries that wait because somebody said so';
COMMENT ON COLUMN public.holds.held_by IS 'login';
ALTER TABLE public.holds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.holds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.keyings (
    id bigint NOT NULL,
    document_id uuid NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    pass text NOT NULL,
    person_id bigint NOT NULL,
    value text,
    reason text,
    machine_value text,
    machine_confidence double precision,
    machine_accepted boolean DEFAULT false NOT NULL,
    seconds double precision,
    keyed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_keyings_pass CHECK ((pass = ANY (ARRAY['first'::text, 'second'::text, 'arbitration'::text, 'control'::text, 'control_arbitration'::text]))),
    CONSTRAINT ck_keyings_reason CHECK ((reason = ANY (ARRAY['illegible'::text, 'absent'::text, 'wrong_on_paper'::text])))
);
COMMENT ON TABLE public.keyings IS 'Everything that a person keyed, once, never changed; personal data';
COMMENT ON COLUMN public.keyings."position" IS 'of the field in its document';
COMMENT ON COLUMN public.keyings.value IS 'null: the reason says why';
COMMENT ON COLUMN public.keyings.machine_value IS 'what the edge had read';
COMMENT ON COLUMN public.keyings.seconds IS 'from shown to sent';
ALTER TABLE public.keyings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.keyings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.leases (
    document_id uuid NOT NULL,
    queue text NOT NULL,
    person_id bigint NOT NULL,
    taken_at timestamp with time zone DEFAULT now() NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    is_ahead boolean DEFAULT false NOT NULL,
    CONSTRAINT ck_leases_queue CHECK ((queue = ANY (ARRAY['name'::text, 'key'::text, 'control'::text])))
);
COMMENT ON TABLE public.leases IS 'Who works on what; at most one person a document';
COMMENT ON COLUMN public.leases.is_ahead IS 'loaded but not shown yet: goes to whoever has nothing to do';
CREATE TABLE public.lots (
    id uuid NOT NULL,
    name text NOT NULL,
    site text NOT NULL,
    station text NOT NULL,
    channel text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    fund text NOT NULL,
    process text DEFAULT ''::text NOT NULL,
    priority smallint DEFAULT '0'::smallint NOT NULL,
    expected_pages integer,
    counted_pages integer,
    documents integer,
    document_pages integer,
    loose_pages integer,
    set_aside jsonb DEFAULT '[]'::jsonb NOT NULL,
    state text DEFAULT 'arriving'::text NOT NULL,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    reported_at timestamp with time zone,
    CONSTRAINT ck_lots_channel CHECK ((channel = ANY (ARRAY['scanner'::text, 'mailbox'::text, 'platform'::text, 'upload'::text])))
);
COMMENT ON TABLE public.lots IS 'A lot appears with its first document; the station''s report completes it';
COMMENT ON COLUMN public.lots.expected_pages IS 'counted by the scanner: header sheet or index';
COMMENT ON COLUMN public.lots.counted_pages IS 'counted by the station; null until it reports';
COMMENT ON COLUMN public.lots.documents IS 'sent by the station; null until it reports';
CREATE TABLE public.namings (
    id bigint NOT NULL,
    document_id uuid NOT NULL,
    person_id bigint NOT NULL,
    act text NOT NULL,
    type_before text NOT NULL,
    type_after text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    seconds double precision,
    named_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.namings IS 'What people decided about documents'' types and pages, never changed';
COMMENT ON COLUMN public.namings.act IS 'named, split, joined, turned, ...';
COMMENT ON COLUMN public.namings.seconds IS 'from shown to sent';
ALTER TABLE public.namings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.namings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.pages (
    document_id uuid NOT NULL,
    number integer NOT NULL,
    file text NOT NULL,
    file_index integer NOT NULL,
    sha256 bytea NOT NULL,
    role text NOT NULL,
    rotation smallint NOT NULL,
    skew_deg double precision NOT NULL,
    dpi double precision NOT NULL,
    width_mm double precision NOT NULL,
    height_mm double precision NOT NULL,
    blur double precision NOT NULL,
    text text NOT NULL,
    marks text[] NOT NULL,
    twin_file text,
    twin_index integer,
    twin_sha256 bytea,
    CONSTRAINT ck_pages_role CHECK ((role = ANY (ARRAY['front'::text, 'back'::text, 'attachment'::text, 'blank'::text, 'separator'::text, 'replaced'::text]))),
    CONSTRAINT ck_pages_rotation CHECK ((rotation = ANY (ARRAY[0, 90, 180, 270])))
)
PARTITION BY RANGE (document_id);
COMMENT ON COLUMN public.pages.number IS 'from 0 in the document';
COMMENT ON COLUMN public.pages.file IS 'as the scanner named it, relative to the lot';
CREATE TABLE public.pages_default (
    document_id uuid NOT NULL,
    number integer NOT NULL,
    file text NOT NULL,
    file_index integer NOT NULL,
    sha256 bytea NOT NULL,
    role text NOT NULL,
    rotation smallint NOT NULL,
    skew_deg double precision NOT NULL,
    dpi double precision NOT NULL,
    width_mm double precision NOT NULL,
    height_mm double precision NOT NULL,
    blur double precision NOT NULL,
    text text NOT NULL,
    marks text[] NOT NULL,
    twin_file text,
    twin_index integer,
    twin_sha256 bytea,
    CONSTRAINT ck_pages_role CHECK ((role = ANY (ARRAY['front'::text, 'back'::text, 'attachment'::text, 'blank'::text, 'separator'::text, 'replaced'::text]))),
    CONSTRAINT ck_pages_rotation CHECK ((rotation = ANY (ARRAY[0, 90, 180, 270])))
);
CREATE TABLE public.pages_p202611 (
    document_id uuid NOT NULL,
    number integer NOT NULL,
    file text NOT NULL,
    file_index integer NOT NULL,
    sha256 bytea NOT NULL,
    role text NOT NULL,
    rotation smallint NOT NULL,
    skew_deg double precision NOT NULL,
    dpi double precision NOT NULL,
    width_mm double precision NOT NULL,
    height_mm double precision NOT NULL,
    blur double precision NOT NULL,
    text text NOT NULL,
    marks text[] NOT NULL,
    twin_file text,
    twin_index integer,
    twin_sha256 bytea,
    CONSTRAINT ck_pages_role CHECK ((role = ANY (ARRAY['front'::text, 'back'::text, 'attachment'::text, 'blank'::text, 'separator'::text, 'replaced'::text]))),
    CONSTRAINT ck_pages_rotation CHECK ((rotation = ANY (ARRAY[0, 90, 180, 270])))
);
CREATE TABLE public.pages_p202612 (
    document_id uuid NOT NULL,
    number integer NOT NULL,
    file text NOT NULL,
    file_index integer NOT NULL,
    sha256 bytea NOT NULL,
    role text NOT NULL,
    rotation smallint NOT NULL,
    skew_deg double precision NOT NULL,
    dpi double precision NOT NULL,
    width_mm double precision NOT NULL,
    height_mm double precision NOT NULL,
    blur double precision NOT NULL,
    text text NOT NULL,
    marks text[] NOT NULL,
    twin_file text,
    twin_index integer,
    twin_sha256 bytea,
    CONSTRAINT ck_pages_role CHECK ((role = ANY (ARRAY['front'::text, 'back'::text, 'attachment'::text, 'blank'::text, 'separator'::text, 'replaced'::text]))),
    CONSTRAINT ck_pages_rotation CHECK ((rotation = ANY (ARRAY[0, 90, 180, 270])))
);
CREATE TABLE public.pages_p202701 (
    document_id uuid NOT NULL,
    number integer NOT NULL,
    file text NOT NULL,
    file_index integer NOT NULL,
    sha256 bytea NOT NULL,
    role text NOT NULL,
    rotation smallint NOT NULL,
    skew_deg double precision NOT NULL,
    dpi double precision NOT NULL,
    width_mm double precision NOT NULL,
    height_mm double precision NOT NULL,
    blur double precision NOT NULL,
    text text NOT NULL,
    marks text[] NOT NULL,
    twin_file text,
    twin_index integer,
    twin_sha256 bytea,
    CONSTRAINT ck_pages_role CHECK ((role = ANY (ARRAY['front'::text, 'back'::text, 'attachment'::text, 'blank'::text, 'separator'::text, 'replaced'::text]))),
    CONSTRAINT ck_pages_rotation CHECK ((rotation = ANY (ARRAY[0, 90, 180, 270])))
);
CREATE TABLE public.pages_p202702 (
    document_id uuid NOT NULL,
    number integer NOT NULL,
    file text NOT NULL,
    file_index integer NOT NULL,
    sha256 bytea NOT NULL,
    role text NOT NULL,
    rotation smallint NOT NULL,
    skew_deg double precision NOT NULL,
    dpi double precision NOT NULL,
    width_mm double precision NOT NULL,
    height_mm double precision NOT NULL,
    blur double precision NOT NULL,
    text text NOT NULL,
    marks text[] NOT NULL,
    twin_file text,
    twin_index integer,
    twin_sha256 bytea,
    CONSTRAINT ck_pages_role CHECK ((role = ANY (ARRAY['front'::text, 'back'::text, 'attachment'::text, 'blank'::text, 'separator'::text, 'replaced'::text]))),
    CONSTRAINT ck_pages_rotation CHECK ((rotation = ANY (ARRAY[0, 90, 180, 270])))
);
CREATE TABLE public.people (
    id bigint NOT NULL,
    login text NOT NULL,
    name text NOT NULL,
    password_hash text,
    must_change_password boolean DEFAULT false NOT NULL,
    totp_secret text,
    totp_last_step bigint,
    oidc_issuer text,
    oidc_subject text,
    roles text[] DEFAULT '{}'::text[] NOT NULL,
    sites text[] DEFAULT '{}'::text[] NOT NULL,
    poles text[] DEFAULT '{}'::text[] NOT NULL,
    skills text[] DEFAULT '{}'::text[] NOT NULL,
    team text DEFAULT ''::text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    signed_in_at timestamp with time zone,
    CONSTRAINT ck_people_login CHECK ((login = lower(login)))
);
COMMENT ON TABLE public.people IS 'Local accounts, and people that the identity provider has vouched for';
COMMENT ON COLUMN public.people.login IS 'lower case';
COMMENT ON COLUMN public.people.password_hash IS 'argon2; null: signs in through the identity provider';
COMMENT ON COLUMN public.people.totp_secret IS 'base32; null: no second factor';
COMMENT ON COLUMN public.people.totp_last_step IS 'of the last code taken: none is taken twice';
COMMENT ON COLUMN public.people.sites IS 'empty: all';
COMMENT ON COLUMN public.people.poles IS 'empty: all';
COMMENT ON COLUMN public.people.skills IS 'types of documents that come to this person; empty: all';
COMMENT ON COLUMN public.people.failures IS 'in a row';
ALTER TABLE public.people ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.people_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.plan_change_documents (
    change_id bigint NOT NULL,
    document_id uuid NOT NULL,
    before jsonb NOT NULL
);
COMMENT ON TABLE public.plan_change_documents IS 'Waiting documents that a change has moved';
COMMENT ON COLUMN public.plan_change_documents.before IS 'pole, destination, due_on: for undoing';
CREATE TABLE public.plan_changes (
    id bigint NOT NULL,
    type text NOT NULL,
    fund text DEFAULT ''::text NOT NULL,
    changes jsonb NOT NULL,
    reason text NOT NULL,
    state text DEFAULT 'proposed'::text NOT NULL,
    proposed_by bigint NOT NULL,
    proposed_at timestamp with time zone DEFAULT now() NOT NULL,
    decided_by bigint,
    decided_at timestamp with time zone,
    undone_by bigint,
    undone_at timestamp with time zone,
    CONSTRAINT ck_plan_changes_state CHECK ((state = ANY (ARRAY['proposed'::text, 'applied'::text, 'refused'::text, 'undone'::text])))
);
COMMENT ON TABLE public.plan_changes IS 'Changes of the plan on top of plan.toml; two people each';
COMMENT ON COLUMN public.plan_changes.type IS 'of documents';
COMMENT ON COLUMN public.plan_changes.fund IS 'empty: every fund';
COMMENT ON COLUMN public.plan_changes.changes IS 'pole, destination, delay_days; as the plan';
ALTER TABLE public.plan_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.plan_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.rescans (
    id uuid NOT NULL,
    document_id uuid NOT NULL,
    site text NOT NULL,
    station text NOT NULL,
    lot_name text NOT NULL,
    reason text NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    person_id bigint NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    told_at timestamp with time zone,
    answered_at timestamp with time zone,
    answer text DEFAULT ''::text NOT NULL,
    CONSTRAINT ck_rescans_state CHECK ((state = ANY (ARRAY['asked'::text, 'told'::text, 'answered'::text, 'impossible'::text, 'withdrawn'::text])))
);
COMMENT ON TABLE public.rescans IS 'Documents to scan again; the answer joins the same document';
COMMENT ON COLUMN public.rescans.reason IS 'French, for the operator';
COMMENT ON COLUMN public.rescans.answer IS 'why it is impossible';
CREATE TABLE public.returns (
    id bigint NOT NULL,
    document_id uuid NOT NULL,
    destination text NOT NULL,
    round smallint NOT NULL,
    cause text NOT NULL,
    comment text DEFAULT ''::text NOT NULL,
    channel text NOT NULL,
    returned_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_returns_channel CHECK ((channel = ANY (ARRAY['http'::text, 'folder'::text, 'console'::text])))
);
COMMENT ON TABLE public.returns IS 'Misrouted documents that a pôle gave back';
COMMENT ON COLUMN public.returns.comment IS 'for who names it anew';
ALTER TABLE public.returns ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.returns_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.sessions (
    token_sha256 bytea NOT NULL,
    person_id bigint NOT NULL,
    csrf text NOT NULL,
    method text NOT NULL,
    id_token text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_sessions_method CHECK ((method = ANY (ARRAY['local'::text, 'oidc'::text])))
);
COMMENT ON TABLE public.sessions IS 'Signed-in browsers';
COMMENT ON COLUMN public.sessions.token_sha256 IS 'the token itself is nowhere';
COMMENT ON COLUMN public.sessions.id_token IS 'the provider''s, to sign out there; null: local';
CREATE TABLE public.sign_in_steps (
    token_sha256 bytea NOT NULL,
    step text NOT NULL,
    person_id bigint,
    content jsonb DEFAULT '{}'::jsonb NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_sign_in_steps_step CHECK ((step = ANY (ARRAY['code'::text, 'provider'::text, 'enrolment'::text])))
);
COMMENT ON TABLE public.sign_in_steps IS 'What was begun and not finished: a code or the provider''s answer is awaited';
COMMENT ON COLUMN public.sign_in_steps.token_sha256 IS 'the browser has the token';
CREATE TABLE public.sites (
    site text NOT NULL,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.sites IS 'Scanning sites that have spoken with a valid certificate';
CREATE TABLE public.stations (
    site text NOT NULL,
    station text NOT NULL,
    versions jsonb DEFAULT '{}'::jsonb NOT NULL,
    connected_at timestamp with time zone,
    heartbeat_at timestamp with time zone,
    backlog_documents bigint DEFAULT '0'::bigint NOT NULL,
    backlog_bytes bigint DEFAULT '0'::bigint NOT NULL,
    free_disk_bytes bigint DEFAULT '0'::bigint NOT NULL,
    pages_per_minute double precision DEFAULT '0'::double precision NOT NULL,
    lots_open integer DEFAULT 0 NOT NULL,
    lots_incomplete integer DEFAULT 0 NOT NULL,
    rated_pages_per_minute double precision DEFAULT '0'::double precision NOT NULL,
    certificate_until timestamp with time zone
);
COMMENT ON TABLE public.stations IS 'What each station last told of itself';
COMMENT ON COLUMN public.stations.rated_pages_per_minute IS 'of its scanner, from its settings; 0: not told';
CREATE TABLE public.straight_types (
    type text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.straight_types IS 'Since when documents of a type go through without a person';
ALTER TABLE ONLY public.documents ATTACH PARTITION public.documents_default DEFAULT;
ALTER TABLE ONLY public.documents ATTACH PARTITION public.documents_p202611 FOR VALUES FROM ('01a19467-e800-0000-0000-000000000000') TO ('01a22ee6-b000-0000-0000-000000000000');
ALTER TABLE ONLY public.documents ATTACH PARTITION public.documents_p202612 FOR VALUES FROM ('01a22ee6-b000-0000-0000-000000000000') TO ('01a2ce8b-d400-0000-0000-000000000000');
ALTER TABLE ONLY public.documents ATTACH PARTITION public.documents_p202701 FOR VALUES FROM ('01a2ce8b-d400-0000-0000-000000000000') TO ('01a36e30-f800-0000-0000-000000000000');
ALTER TABLE ONLY public.documents ATTACH PARTITION public.documents_p202702 FOR VALUES FROM ('01a36e30-f800-0000-0000-000000000000') TO ('01a3fe63-0800-0000-0000-000000000000');
ALTER TABLE ONLY public.fields ATTACH PARTITION public.fields_default DEFAULT;
ALTER TABLE ONLY public.fields ATTACH PARTITION public.fields_p202611 FOR VALUES FROM ('01a19467-e800-0000-0000-000000000000') TO ('01a22ee6-b000-0000-0000-000000000000');
ALTER TABLE ONLY public.fields ATTACH PARTITION public.fields_p202612 FOR VALUES FROM ('01a22ee6-b000-0000-0000-000000000000') TO ('01a2ce8b-d400-0000-0000-000000000000');
ALTER TABLE ONLY public.fields ATTACH PARTITION public.fields_p202701 FOR VALUES FROM ('01a2ce8b-d400-0000-0000-000000000000') TO ('01a36e30-f800-0000-0000-000000000000');
ALTER TABLE ONLY public.fields ATTACH PARTITION public.fields_p202702 FOR VALUES FROM ('01a36e30-f800-0000-0000-000000000000') TO ('01a3fe63-0800-0000-0000-000000000000');
ALTER TABLE ONLY public.pages ATTACH PARTITION public.pages_default DEFAULT;
ALTER TABLE ONLY public.pages ATTACH PARTITION public.pages_p202611 FOR VALUES FROM ('01a19467-e800-0000-0000-000000000000') TO ('01a22ee6-b000-0000-0000-000000000000');
ALTER TABLE ONLY public.pages ATTACH PARTITION public.pages_p202612 FOR VALUES FROM ('01a22ee6-b000-0000-0000-000000000000') TO ('01a2ce8b-d400-0000-0000-000000000000');
ALTER TABLE ONLY public.pages ATTACH PARTITION public.pages_p202701 FOR VALUES FROM ('01a2ce8b-d400-0000-0000-000000000000') TO ('01a36e30-f800-0000-0000-000000000000');
ALTER TABLE ONLY public.pages ATTACH PARTITION public.pages_p202702 FOR VALUES FROM ('01a36e30-f800-0000-0000-000000000000') TO ('01a3fe63-0800-0000-0000-000000000000');
INSERT INTO public.alembic_version VALUES
	('0002');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-30 21:18:54.19124+00', 'person:test', 'account_added', 'anne', '{"roles": ["operations"]}'),
	(2, '2026-11-30 21:18:57.098773+00', 'person:test', 'account_added', 'bruno', '{"roles": ["operations"]}'),
	(3, '2026-11-30 21:19:00.152385+00', 'person:test', 'account_added', 'lea', '{"roles": ["keyer"]}'),
	(4, '2026-11-30 21:19:00.210798+00', 'person:anne', 'signed_in', 'anne', '{"method": "local"}'),
	(5, '2026-11-30 21:19:00.294203+00', 'station:gien/poste-1', 'document_stored', '01a22e53-4aa9-788c-942c-85aaaefd5148', '{"type": "S3110", "pages": 1, "state": "ready"}'),
	(6, '2026-11-30 21:19:00.662871+00', 'dispatch:w', 'delivery_delivered', '01a22e53-4aa9-788c-942c-85aaaefd5148', '{"attempts": 1, "destination": "FRAIS_DE_SANTE"}'),
	(7, '2026-11-30 21:19:00.733467+00', 'station:gien/poste-1', 'document_stored', '01a22e53-4c6e-7f4d-b024-b2857cf2235e', '{"type": "S3110", "pages": 1, "state": "ready"}'),
	(8, '2026-11-30 21:19:00.834496+00', 'dispatch:w', 'delivery_dead', '01a22e53-4c6e-7f4d-b024-b2857cf2235e', '{"attempts": 1, "destination": "FRAIS_DE_SANTE"}'),
	(9, '2026-11-30 21:19:00.890106+00', 'station:gien/poste-1', 'document_stored', '01a22e53-4d0c-7699-b1cd-651dee12dd58', '{"type": "S3110", "pages": 1, "state": "ready"}'),
	(10, '2026-11-30 21:19:01.080452+00', 'dispatch:w', 'delivery_delivered', '01a22e53-4d0c-7699-b1cd-651dee12dd58', '{"attempts": 1, "destination": "FRAIS_DE_SANTE"}'),
	(11, '2026-11-30 21:19:01.155789+00', 'pole:FRAIS_DE_SANTE', 'document_returned', '01a22e53-4d0c-7699-b1cd-651dee12dd58', '{"cause": "wrong_value", "channel": "http"}'),
	(12, '2026-11-30 21:19:01.274181+00', 'station:gien/poste-1', 'document_stored', '01a22e53-4e7d-7346-bc83-d5c751ccd95f', '{"type": "S3110", "pages": 1, "state": "ready"}'),
	(13, '2026-11-30 21:19:01.461735+00', 'station:gien/poste-1', 'document_stored', '01a22e53-4f50-778c-8ab2-997d88bbc1d4', '{"type": "S3110", "pages": 1, "state": "ready"}'),
	(14, '2026-11-30 21:19:01.629958+00', 'station:gien/poste-1', 'document_stored', '01a22e53-4fea-7100-9956-818600606031', '{"type": "S3110", "pages": 1, "state": "ready"}'),
	(15, '2026-11-30 21:19:01.869063+00', 'station:orleans/poste-1', 'document_stored', '01a22e53-50df-72d8-bed0-9a888f36eadf', '{"type": "S3110", "pages": 1, "state": "ready"}'),
	(16, '2026-11-30 21:19:01.941661+00', 'person:anne', 'hold_placed', 'site:orleans', '{"held": 1, "reason": "panne"}'),
	(17, '2026-11-30 21:19:02.038236+00', 'station:gien/poste-1', 'document_stored', '01a22e53-5172-7dd0-9e60-945caaa5d698', '{"type": "S3110", "pages": 1, "state": "to_key"}'),
	(18, '2026-11-30 21:19:02.837065+00', 'person:lea', 'document_keyed', '01a22e53-5172-7dd0-9e60-945caaa5d698', '{"look": "first", "fields": 6}'),
	(19, '2026-11-30 21:19:02.837065+00', 'person:lea', 'document_rerouted', '01a22e53-5172-7dd0-9e60-945caaa5d698', '{"destination": "FRAIS_DE_SANTE"}'),
	(20, '2026-11-30 21:19:03.709531+00', 'station:gien/poste-1', 'document_stored', '01a22e53-5806-7ed1-86ca-a7d3f6fcadec', '{"type": "S3110", "pages": 1, "state": "to_key"}'),
	(21, '2026-11-30 21:19:03.813597+00', 'station:gien/poste-1', 'document_stored', '01a22e53-5866-71ee-831f-652900cec557', '{"type": "S3110", "pages": 1, "state": "to_name"}'),
	(22, '2026-11-30 21:19:04.016152+00', 'person:lea', 'rescan_asked', '01a22e53-4d0c-7699-b1cd-651dee12dd58', '{"rescan": "01a22e53-596c-7c2a-8685-cfeba46acb19", "station": "poste-1"}'),
	(23, '2026-11-30 21:19:04.016152+00', 'person:lea', 'document_rescan', '01a22e53-4d0c-7699-b1cd-651dee12dd58', '{"type": "S3110"}'),
	(24, '2026-11-30 21:19:04.141436+00', 'station:gien/poste-1', 'document_stored', '01a22e53-59b7-7d56-919e-f0707e985b46', '{"type": "S3110", "pages": 1, "state": "to_name"}'),
	(25, '2026-11-30 21:19:04.230697+00', 'station:gien/poste-1', 'document_stored', '01a22e53-5a0d-7bf5-9012-abba20af403f', '{"type": "S3110", "pages": 1, "state": "to_name"}'),
	(26, '2026-11-30 21:19:04.419568+00', 'station:gien/poste-1', 'document_stored', '01a22e53-5ab8-79bd-9a29-0a050df3639b', '{"type": "S3704", "pages": 1, "state": "ready"}'),
	(27, '2026-11-30 21:19:04.554018+00', 'person:anne', 'plan_proposed', 'plan:1', '{"fund": "", "type": "S3704", "destination": "ATEMPO"}'),
	(28, '2026-11-30 21:19:04.574012+00', 'person:bruno', 'document_moved', '01a22e53-5ab8-79bd-9a29-0a050df3639b', '{"plan_change": 1}'),
	(29, '2026-11-30 21:19:04.574012+00', 'person:bruno', 'plan_applied', 'plan:1', '{"documents": 1}'),
	(30, '2026-11-30 21:19:04.838794+00', 'station:gien/poste-1', 'document_stored', '01a22e53-5c61-72ee-b046-fef19f785879', '{"type": "S3110", "pages": 1, "state": "ready"}');
INSERT INTO public.blobs VALUES
	('\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 1, '2026-11-30 21:19:00.283287+00');
INSERT INTO public.deliveries VALUES
	('01a22e53-4aa9-788c-942c-85aaaefd5148', 'FRAIS_DE_SANTE', 'delivered', 1, '01a22e53-4aa9-788c-942c-85aaaefd5148-FRAIS_DE_SANTE-1', 0, 1, '2026-11-30 21:19:00.294203+00', '2026-11-30 21:19:00.294203+00', NULL, NULL, NULL, NULL, '2026-11-30 21:19:00.662871+00', 'receipt'),
	('01a22e53-4c6e-7f4d-b024-b2857cf2235e', 'FRAIS_DE_SANTE', 'dead', 1, '01a22e53-4c6e-7f4d-b024-b2857cf2235e-FRAIS_DE_SANTE-1', 0, 1, '2026-11-30 21:19:00.733467+00', '2026-11-30 21:19:00.733467+00', NULL, NULL, 'http_422', 'refusé', NULL, NULL),
	('01a22e53-4d0c-7699-b1cd-651dee12dd58', 'FRAIS_DE_SANTE', 'returned', 1, '01a22e53-4d0c-7699-b1cd-651dee12dd58-FRAIS_DE_SANTE-1', 0, 1, '2026-11-30 21:19:00.890106+00', '2026-11-30 21:19:00.890106+00', NULL, NULL, NULL, NULL, '2026-11-30 21:19:01.080452+00', 'receipt'),
	('01a22e53-4f50-778c-8ab2-997d88bbc1d4', 'FRAIS_DE_SANTE', 'claimed', 1, '01a22e53-4f50-778c-8ab2-997d88bbc1d4-FRAIS_DE_SANTE-1', 0, 1, '2026-11-30 21:19:01.461735+00', '2026-11-30 21:19:01.461735+00', '2026-11-30 21:19:01.556012+00', 'w', NULL, NULL, NULL, NULL),
	('01a22e53-4e7d-7346-bc83-d5c751ccd95f', 'FRAIS_DE_SANTE', 'waiting', 1, '01a22e53-4e7d-7346-bc83-d5c751ccd95f-FRAIS_DE_SANTE-1', 0, 1, '2026-11-30 21:19:01.274181+00', '2026-11-30 21:19:01.595426+00', NULL, NULL, 'http_unreachable', 'coupure', NULL, NULL),
	('01a22e53-4fea-7100-9956-818600606031', 'NOWHERE', 'held', 1, '01a22e53-4fea-7100-9956-818600606031-NOWHERE-1', 0, 0, '2026-11-30 21:19:01.629958+00', '2026-11-30 21:19:01.629958+00', NULL, NULL, 'destination_unknown', 'Destination inconnue du centre.', NULL, NULL),
	('01a22e53-50df-72d8-bed0-9a888f36eadf', 'FRAIS_DE_SANTE', 'held', 1, '01a22e53-50df-72d8-bed0-9a888f36eadf-FRAIS_DE_SANTE-1', 0, 0, '2026-11-30 21:19:01.869063+00', '2026-11-30 21:19:01.869063+00', NULL, NULL, 'hold', 'Retenue par l''exploitation.', NULL, NULL),
	('01a22e53-5172-7dd0-9e60-945caaa5d698', 'FRAIS_DE_SANTE', 'waiting', 1, '01a22e53-5172-7dd0-9e60-945caaa5d698-FRAIS_DE_SANTE-1', 0, 0, '2026-11-30 21:19:02.837065+00', '2026-11-30 21:19:02.837065+00', NULL, NULL, NULL, NULL, NULL, NULL),
	('01a22e53-5ab8-79bd-9a29-0a050df3639b', 'FRAIS_DE_SANTE', 'discarded', 1, '01a22e53-5ab8-79bd-9a29-0a050df3639b-FRAIS_DE_SANTE-1', 0, 0, '2026-11-30 21:19:04.419568+00', '2026-11-30 21:19:04.419568+00', NULL, NULL, NULL, NULL, NULL, NULL),
	('01a22e53-5ab8-79bd-9a29-0a050df3639b', 'ATEMPO', 'waiting', 1, '01a22e53-5ab8-79bd-9a29-0a050df3639b-ATEMPO-1', 0, 0, '2026-11-30 21:19:04.574012+00', '2026-11-30 21:19:04.574012+00', NULL, NULL, NULL, NULL, NULL, NULL),
	('01a22e53-5c61-72ee-b046-fef19f785879', 'FRAIS_DE_SANTE', 'waiting', 1, '01a22e53-5c61-72ee-b046-fef19f785879-FRAIS_DE_SANTE-1', 0, 0, '2026-11-30 21:19:04.838794+00', '2026-11-30 21:19:04.838794+00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.documents_p202611 VALUES
	('01a22e53-4aa9-788c-942c-85aaaefd5148', '01a22e53-4aaa-7cf4-ac4b-e84a42facdad', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'straight', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'delivered', '2026-11-30 21:19:00.662871+00', '2026-11-30 21:19:00.294203+00', NULL, NULL, 1),
	('01a22e53-4c6e-7f4d-b024-b2857cf2235e', '01a22e53-4c6f-7dd0-ba56-a43d09a7f64a', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'straight', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'dead', '2026-11-30 21:19:00.834496+00', '2026-11-30 21:19:00.733467+00', NULL, NULL, 1),
	('01a22e53-4e7d-7346-bc83-d5c751ccd95f', '01a22e53-4e7e-7268-8a76-ab5604509a3c', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'straight', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'ready', '2026-11-30 21:19:01.274181+00', '2026-11-30 21:19:01.274181+00', NULL, NULL, 1),
	('01a22e53-4f50-778c-8ab2-997d88bbc1d4', '01a22e53-4f51-76ec-bb46-a6c9c058766d', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'straight', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'ready', '2026-11-30 21:19:01.461735+00', '2026-11-30 21:19:01.461735+00', NULL, NULL, 1),
	('01a22e53-4fea-7100-9956-818600606031', '01a22e53-4feb-7709-9bc3-aea8b1f761f9', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'straight', '{}', 'FSP', 'Frais de santé', 'NOWHERE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'ready', '2026-11-30 21:19:01.629958+00', '2026-11-30 21:19:01.629958+00', NULL, NULL, 1),
	('01a22e53-50df-72d8-bed0-9a888f36eadf', '01a22e53-50e0-7b29-a71d-4c14892c985a', 0, 'orleans', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'straight', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'ready', '2026-11-30 21:19:01.869063+00', '2026-11-30 21:19:01.869063+00', NULL, NULL, 1),
	('01a22e53-5172-7dd0-9e60-945caaa5d698', '01a22e53-5173-71d1-abcf-fcc1d2435530', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'key', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'ready', '2026-11-30 21:19:02.837065+00', '2026-11-30 21:19:02.038236+00', NULL, NULL, 1),
	('01a22e53-5806-7ed1-86ca-a7d3f6fcadec', '01a22e53-5807-7598-93e6-754aa826a313', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'key', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'to_key', '2026-11-30 21:19:03.709531+00', '2026-11-30 21:19:03.709531+00', NULL, NULL, 1),
	('01a22e53-5866-71ee-831f-652900cec557', '01a22e53-5867-7d5b-a473-dfd82dd39550', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'name', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'to_name', '2026-11-30 21:19:03.813597+00', '2026-11-30 21:19:03.813597+00', NULL, NULL, 1),
	('01a22e53-4d0c-7699-b1cd-651dee12dd58', '01a22e53-4d0d-7d8e-9fc9-5a66ffc652b7', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'straight', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'to_rescan', '2026-11-30 21:19:04.016152+00', '2026-11-30 21:19:00.890106+00', NULL, NULL, 1),
	('01a22e53-59b7-7d56-919e-f0707e985b46', '01a22e53-59b8-7279-a35c-f0ea3996d9b0', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'name', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'to_name', '2026-11-30 21:19:04.141436+00', '2026-11-30 21:19:04.141436+00', NULL, NULL, 1),
	('01a22e53-5a0d-7bf5-9012-abba20af403f', '01a22e53-5a0e-74f3-9e65-47c8c06569b4', 0, 'gien', 'poste-1', 'scanner', '9000-01-01 00:00:00+00', '9000-01-01', '45', 'S3110', 0.98, NULL, 'verified', 'name', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'to_name', '2026-11-30 21:19:04.230697+00', '2026-11-30 21:19:04.230697+00', NULL, NULL, 1),
	('01a22e53-5ab8-79bd-9a29-0a050df3639b', '01a22e53-5ab9-7989-b5c3-993d91e1356a', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3704', 0.98, NULL, 'verified', 'straight', '{}', 'FSP', 'Frais de santé', 'ATEMPO', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'ready', '2026-11-30 21:19:04.419568+00', '2026-11-30 21:19:04.419568+00', NULL, NULL, 1),
	('01a22e53-5c61-72ee-b046-fef19f785879', '01a22e53-5c62-713d-ad61-dda2d3cb5255', 0, 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '2026-11-03', '45', 'S3110', 0.98, NULL, 'verified', 'straight', '{}', 'FSP', 'Frais de santé', 'FRAIS_DE_SANTE', '2026-11-10', 'voucher', '{}', '{"program": "0.1.0", "model PP-OCRv6": "abc"}', 0, 1, 'ready', '2026-11-30 21:19:04.838794+00', '2026-11-30 21:19:04.838794+00', NULL, NULL, 1);
INSERT INTO public.fields_p202611 VALUES
	('01a22e53-4aa9-788c-942c-85aaaefd5148', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-4aa9-788c-942c-85aaaefd5148', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-4c6e-7f4d-b024-b2857cf2235e', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-4c6e-7f4d-b024-b2857cf2235e', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-4d0c-7699-b1cd-651dee12dd58', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-4d0c-7699-b1cd-651dee12dd58', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-4e7d-7346-bc83-d5c751ccd95f', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-4e7d-7346-bc83-d5c751ccd95f', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-4f50-778c-8ab2-997d88bbc1d4', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-4f50-778c-8ab2-997d88bbc1d4', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-4fea-7100-9956-818600606031', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-4fea-7100-9956-818600606031', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-50df-72d8-bed0-9a888f36eadf', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-50df-72d8-bed0-9a888f36eadf', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-5172-7dd0-9e60-945caaa5d698', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-5172-7dd0-9e60-945caaa5d698', 1, 'total', '12.00', '', 1, true, 'none', 0, NULL, 'person', NULL),
	('01a22e53-5172-7dd0-9e60-945caaa5d698', 2, 'beneficiary_name', '12.00', '', 1, true, 'none', 0, '{30.8,28.3,168.8,4.1}', 'person', NULL),
	('01a22e53-5172-7dd0-9e60-945caaa5d698', 3, 'birth_date', '12.00', '', 1, true, 'none', 0, '{58.3,44,38.900000000000006,4.100000000000001}', 'person', NULL),
	('01a22e53-5172-7dd0-9e60-945caaa5d698', 4, 'act_date', '12.00', '', 1, true, 'none', 0, '{11.3,206.3,29.3,7.099999999999994}', 'person', NULL),
	('01a22e53-5172-7dd0-9e60-945caaa5d698', 5, 'act_code', '12.00', '', 1, true, 'none', 0, '{41.2,206.3,35,7.099999999999994}', 'person', NULL),
	('01a22e53-5172-7dd0-9e60-945caaa5d698', 6, 'amount', '12.00', '', 1, true, 'none', 0, '{124.1,206.3,29.200000000000017,7.099999999999994}', 'person', NULL),
	('01a22e53-5806-7ed1-86ca-a7d3f6fcadec', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-5806-7ed1-86ca-a7d3f6fcadec', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-5866-71ee-831f-652900cec557', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-5866-71ee-831f-652900cec557', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-59b7-7d56-919e-f0707e985b46', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-59b7-7d56-919e-f0707e985b46', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-5a0d-7bf5-9012-abba20af403f', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-5a0d-7bf5-9012-abba20af403f', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-5ab8-79bd-9a29-0a050df3639b', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-5ab8-79bd-9a29-0a050df3639b', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL),
	('01a22e53-5c61-72ee-b046-fef19f785879', 0, 'nir', '255081416802538', '2 55 08', 0.99, true, 'ok', 0, NULL, 'machine', NULL),
	('01a22e53-5c61-72ee-b046-fef19f785879', 1, 'total', NULL, '', 0, false, 'none', 0, NULL, 'machine', NULL);
INSERT INTO public.holds OVERRIDING SYSTEM VALUE VALUES
	(1, 'site', 'orleans', 'panne', 'anne', '2026-11-30 21:19:01.941661+00', NULL, NULL);
INSERT INTO public.keyings OVERRIDING SYSTEM VALUE VALUES
	(1, '01a22e53-5172-7dd0-9e60-945caaa5d698', 1, 'total', 'first', 3, '12.00', NULL, NULL, 0, false, NULL, '2026-11-30 21:19:02.837065+00'),
	(2, '01a22e53-5172-7dd0-9e60-945caaa5d698', 2, 'beneficiary_name', 'first', 3, '12.00', NULL, NULL, 0, false, NULL, '2026-11-30 21:19:02.837065+00'),
	(3, '01a22e53-5172-7dd0-9e60-945caaa5d698', 3, 'birth_date', 'first', 3, '12.00', NULL, NULL, 0, false, NULL, '2026-11-30 21:19:02.837065+00'),
	(4, '01a22e53-5172-7dd0-9e60-945caaa5d698', 4, 'act_date', 'first', 3, '12.00', NULL, NULL, 0, false, NULL, '2026-11-30 21:19:02.837065+00'),
	(5, '01a22e53-5172-7dd0-9e60-945caaa5d698', 5, 'act_code', 'first', 3, '12.00', NULL, NULL, 0, false, NULL, '2026-11-30 21:19:02.837065+00'),
	(6, '01a22e53-5172-7dd0-9e60-945caaa5d698', 6, 'amount', 'first', 3, '12.00', NULL, NULL, 0, false, NULL, '2026-11-30 21:19:02.837065+00');
INSERT INTO public.lots VALUES
	('01a22e53-4aaa-7cf4-ac4b-e84a42facdad', 'lot 0', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:00.294203+00', NULL),
	('01a22e53-4c6f-7dd0-ba56-a43d09a7f64a', 'lot 1', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:00.733467+00', NULL),
	('01a22e53-4d0d-7d8e-9fc9-5a66ffc652b7', 'lot 2', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:00.890106+00', NULL),
	('01a22e53-4e7e-7268-8a76-ab5604509a3c', 'lot 3', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:01.274181+00', NULL),
	('01a22e53-4f51-76ec-bb46-a6c9c058766d', 'lot 4', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:01.461735+00', NULL),
	('01a22e53-4feb-7709-9bc3-aea8b1f761f9', 'lot 5', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:01.629958+00', NULL),
	('01a22e53-50e0-7b29-a71d-4c14892c985a', 'lot 6', 'orleans', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:01.869063+00', NULL),
	('01a22e53-5173-71d1-abcf-fcc1d2435530', 'lot 7', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:02.038236+00', NULL),
	('01a22e53-5807-7598-93e6-754aa826a313', 'lot 8', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:03.709531+00', NULL),
	('01a22e53-5867-7d5b-a473-dfd82dd39550', 'lot 9', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:03.813597+00', NULL),
	('01a22e53-59b8-7279-a35c-f0ea3996d9b0', 'lot 10', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:04.141436+00', NULL),
	('01a22e53-5a0e-74f3-9e65-47c8c06569b4', 'lot 11', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:04.230697+00', NULL),
	('01a22e53-5ab9-7989-b5c3-993d91e1356a', 'lot 12', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:04.419568+00', NULL),
	('01a22e53-5c62-713d-ad61-dda2d3cb5255', 'lot 13', 'gien', 'poste-1', 'scanner', '2026-11-03 08:30:00+00', '45', 'FSP', 0, NULL, NULL, NULL, NULL, NULL, '[]', 'arriving', '2026-11-30 21:19:04.838794+00', NULL);
INSERT INTO public.namings OVERRIDING SYSTEM VALUE VALUES
	(1, '01a22e53-4d0c-7699-b1cd-651dee12dd58', 3, 'rescan', 'S3110', 'S3110', '{}', NULL, '2026-11-30 21:19:04.016152+00');
INSERT INTO public.pages_p202611 VALUES
	('01a22e53-4aa9-788c-942c-85aaaefd5148', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-4c6e-7f4d-b024-b2857cf2235e', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-4d0c-7699-b1cd-651dee12dd58', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-4e7d-7346-bc83-d5c751ccd95f', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-4f50-778c-8ab2-997d88bbc1d4', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-4fea-7100-9956-818600606031', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-50df-72d8-bed0-9a888f36eadf', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-5172-7dd0-9e60-945caaa5d698', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-5806-7ed1-86ca-a7d3f6fcadec', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-5866-71ee-831f-652900cec557', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-59b7-7d56-919e-f0707e985b46', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-5a0d-7bf5-9012-abba20af403f', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-5ab8-79bd-9a29-0a050df3639b', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL),
	('01a22e53-5c61-72ee-b046-fef19f785879', 0, 'lot.tif', 0, '\x45637ac64df243bfd0ec08dc09fd4d974a02d9d6a4049c999b667e7f8bcd1f8b', 'front', 0, 0, 50, 210, 297, 0, '', '{}', NULL, NULL, NULL);
INSERT INTO public.people OVERRIDING SYSTEM VALUE VALUES
	(2, 'bruno', 'Bruno', '$argon2id$v=19$m=65536,t=3,p=4$UjDY7GjDfmkOQc4KzKHVLA$VOQxfmdMp9TzxIDKfWb9vYkB4YESe6RIf84CLD3j9Yk', false, 'JBSWY3DPEHPK3PXP', 7, NULL, NULL, '{operations}', '{}', '{}', '{}', '', true, 0, NULL, '2026-11-30 21:18:57.098773+00', NULL),
	(3, 'lea', 'Lea', '$argon2id$v=19$m=65536,t=3,p=4$aRG0/DloJpfjjgBRs3FTyw$rfA5i54bNTgNYbJQbUdxINbkEKmPxJChfc9a9EoNx0M', false, NULL, NULL, NULL, NULL, '{keyer}', '{gien}', '{}', '{}', '', true, 9, '2026-12-01 21:19:00.205399+00', '2026-11-30 21:19:00.152385+00', NULL),
	(1, 'anne', 'Anne', '$argon2id$v=19$m=65536,t=3,p=4$Hc8rCKKw9RlLywYQOyuSOw$/BnqLMuhvlSKF4nF+MXVT9M37KOoJE0XzLiKlOr12GA', false, NULL, NULL, NULL, NULL, '{operations}', '{}', '{}', '{}', '', true, 0, NULL, '2026-11-30 21:18:54.19124+00', '2026-11-30 21:19:00.210798+00');
INSERT INTO public.plan_change_documents VALUES
	(1, '01a22e53-5ab8-79bd-9a29-0a050df3639b', '{"pole": "Frais de santé", "due_on": "2026-11-10", "destination": "FRAIS_DE_SANTE"}');
INSERT INTO public.plan_changes OVERRIDING SYSTEM VALUE VALUES
	(1, 'S3704', '', '{"destination": "ATEMPO"}', 'réorganisation', 'applied', 1, '2026-11-30 21:19:04.554018+00', 2, '2026-11-30 21:19:04.583105+00', NULL, NULL);
INSERT INTO public.rescans VALUES
	('01a22e53-596c-7c2a-8685-cfeba46acb19', '01a22e53-4d0c-7699-b1cd-651dee12dd58', 'gien', 'poste-1', 'lot 2', 'Illisible.', 'asked', 3, '2026-11-30 21:19:04.016152+00', NULL, NULL, '');
INSERT INTO public.returns OVERRIDING SYSTEM VALUE VALUES
	(1, '01a22e53-4d0c-7699-b1cd-651dee12dd58', 'FRAIS_DE_SANTE', 1, 'wrong_value', 'NIR faux', 'http', '2026-11-30 21:19:01.155789+00');
INSERT INTO public.sessions VALUES
	('\xe3316e2bafebb6103a3418e8778c0adc960d40213a03a7e7f4fcd3426ed807bf', 1, 'a csrf', 'local', NULL, '2026-11-30 21:19:00.210798+00', '2026-11-30 21:19:00.210798+00', '2026-11-30 22:19:00.210798+00');
INSERT INTO public.sites VALUES
	('gien', '2026-11-30 21:19:00.273575+00'),
	('orleans', '2026-11-30 21:19:01.856451+00');
SELECT pg_catalog.setval('public.audit_id_seq', 30, true);
SELECT pg_catalog.setval('public.holds_id_seq', 1, true);
SELECT pg_catalog.setval('public.keyings_id_seq', 6, true);
SELECT pg_catalog.setval('public.namings_id_seq', 1, true);
SELECT pg_catalog.setval('public.people_id_seq', 3, true);
SELECT pg_catalog.setval('public.plan_changes_id_seq', 1, true);
SELECT pg_catalog.setval('public.returns_id_seq', 1, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.documents
    ADD CONSTRAINT pk_documents PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_default
    ADD CONSTRAINT documents_default_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_p202611
    ADD CONSTRAINT documents_p202611_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_p202612
    ADD CONSTRAINT documents_p202612_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_p202701
    ADD CONSTRAINT documents_p202701_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_p202702
    ADD CONSTRAINT documents_p202702_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.fields
    ADD CONSTRAINT pk_fields PRIMARY KEY (document_id, "position");
ALTER TABLE ONLY public.fields_default
    ADD CONSTRAINT fields_default_pkey PRIMARY KEY (document_id, "position");
ALTER TABLE ONLY public.fields_p202611
    ADD CONSTRAINT fields_p202611_pkey PRIMARY KEY (document_id, "position");
ALTER TABLE ONLY public.fields_p202612
    ADD CONSTRAINT fields_p202612_pkey PRIMARY KEY (document_id, "position");
ALTER TABLE ONLY public.fields_p202701
    ADD CONSTRAINT fields_p202701_pkey PRIMARY KEY (document_id, "position");
ALTER TABLE ONLY public.fields_p202702
    ADD CONSTRAINT fields_p202702_pkey PRIMARY KEY (document_id, "position");
ALTER TABLE ONLY public.pages
    ADD CONSTRAINT pk_pages PRIMARY KEY (document_id, number);
ALTER TABLE ONLY public.pages_default
    ADD CONSTRAINT pages_default_pkey PRIMARY KEY (document_id, number);
ALTER TABLE ONLY public.pages_p202611
    ADD CONSTRAINT pages_p202611_pkey PRIMARY KEY (document_id, number);
ALTER TABLE ONLY public.pages_p202612
    ADD CONSTRAINT pages_p202612_pkey PRIMARY KEY (document_id, number);
ALTER TABLE ONLY public.pages_p202701
    ADD CONSTRAINT pages_p202701_pkey PRIMARY KEY (document_id, number);
ALTER TABLE ONLY public.pages_p202702
    ADD CONSTRAINT pages_p202702_pkey PRIMARY KEY (document_id, number);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (id);
ALTER TABLE ONLY public.blobs
    ADD CONSTRAINT pk_blobs PRIMARY KEY (sha256);
ALTER TABLE ONLY public.circuits
    ADD CONSTRAINT pk_circuits PRIMARY KEY (destination);
ALTER TABLE ONLY public.controls
    ADD CONSTRAINT pk_controls PRIMARY KEY (document_id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT pk_deliveries PRIMARY KEY (document_id, destination);
ALTER TABLE ONLY public.drafts
    ADD CONSTRAINT pk_drafts PRIMARY KEY (document_id, person_id);
ALTER TABLE ONLY public.flow
    ADD CONSTRAINT pk_flow PRIMARY KEY (hour, site, pole, type);
ALTER TABLE ONLY public.holds
    ADD CONSTRAINT pk_holds PRIMARY KEY (id);
ALTER TABLE ONLY public.keyings
    ADD CONSTRAINT pk_keyings PRIMARY KEY (id);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT pk_leases PRIMARY KEY (document_id);
ALTER TABLE ONLY public.lots
    ADD CONSTRAINT pk_lots PRIMARY KEY (id);
ALTER TABLE ONLY public.namings
    ADD CONSTRAINT pk_namings PRIMARY KEY (id);
ALTER TABLE ONLY public.people
    ADD CONSTRAINT pk_people PRIMARY KEY (id);
ALTER TABLE ONLY public.plan_change_documents
    ADD CONSTRAINT pk_plan_change_documents PRIMARY KEY (change_id, document_id);
ALTER TABLE ONLY public.plan_changes
    ADD CONSTRAINT pk_plan_changes PRIMARY KEY (id);
ALTER TABLE ONLY public.rescans
    ADD CONSTRAINT pk_rescans PRIMARY KEY (id);
ALTER TABLE ONLY public.returns
    ADD CONSTRAINT pk_returns PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (token_sha256);
ALTER TABLE ONLY public.sign_in_steps
    ADD CONSTRAINT pk_sign_in_steps PRIMARY KEY (token_sha256);
ALTER TABLE ONLY public.sites
    ADD CONSTRAINT pk_sites PRIMARY KEY (site);
ALTER TABLE ONLY public.stations
    ADD CONSTRAINT pk_stations PRIMARY KEY (site, station);
ALTER TABLE ONLY public.straight_types
    ADD CONSTRAINT pk_straight_types PRIMARY KEY (type);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT uq_deliveries_idempotency_key UNIQUE (idempotency_key);
ALTER TABLE ONLY public.people
    ADD CONSTRAINT uq_people_login UNIQUE (login);
CREATE INDEX ix_documents_due_on ON ONLY public.documents USING btree (due_on) WHERE (state <> ALL (ARRAY['delivered'::text, 'discarded'::text]));
CREATE INDEX documents_default_due_on_idx ON public.documents_default USING btree (due_on) WHERE (state <> ALL (ARRAY['delivered'::text, 'discarded'::text]));
CREATE INDEX ix_documents_lot_id ON ONLY public.documents USING btree (lot_id);
CREATE INDEX documents_default_lot_id_idx ON public.documents_default USING btree (lot_id);
CREATE INDEX ix_documents_pole_type_received_on ON ONLY public.documents USING btree (pole, type, received_on, id);
CREATE INDEX documents_default_pole_type_received_on_id_idx ON public.documents_default USING btree (pole, type, received_on, id);
CREATE INDEX ix_documents_received_on ON ONLY public.documents USING btree (received_on, id);
CREATE INDEX documents_default_received_on_id_idx ON public.documents_default USING btree (received_on, id);
CREATE INDEX ix_documents_site_received_on ON ONLY public.documents USING btree (site, received_on, id);
CREATE INDEX documents_default_site_received_on_id_idx ON public.documents_default USING btree (site, received_on, id);
CREATE INDEX ix_documents_site_stored_at ON ONLY public.documents USING btree (site, stored_at);
CREATE INDEX documents_default_site_stored_at_idx ON public.documents_default USING btree (site, stored_at);
CREATE INDEX ix_documents_work ON ONLY public.documents USING btree (state, priority DESC, due_on, stored_at) WHERE (state = ANY (ARRAY['to_name'::text, 'to_key'::text]));
CREATE INDEX documents_default_state_priority_due_on_stored_at_idx ON public.documents_default USING btree (state, priority DESC, due_on, stored_at) WHERE (state = ANY (ARRAY['to_name'::text, 'to_key'::text]));
CREATE INDEX ix_documents_state_stored_at ON ONLY public.documents USING btree (state, stored_at);
CREATE INDEX documents_default_state_stored_at_idx ON public.documents_default USING btree (state, stored_at);
CREATE INDEX ix_documents_stored_at ON ONLY public.documents USING btree (stored_at);
CREATE INDEX documents_default_stored_at_idx ON public.documents_default USING btree (stored_at);
CREATE INDEX ix_documents_type_received_on ON ONLY public.documents USING btree (type, received_on, id);
CREATE INDEX documents_default_type_received_on_id_idx ON public.documents_default USING btree (type, received_on, id);
CREATE INDEX documents_p202611_due_on_idx ON public.documents_p202611 USING btree (due_on) WHERE (state <> ALL (ARRAY['delivered'::text, 'discarded'::text]));
CREATE INDEX documents_p202611_lot_id_idx ON public.documents_p202611 USING btree (lot_id);
CREATE INDEX documents_p202611_pole_type_received_on_id_idx ON public.documents_p202611 USING btree (pole, type, received_on, id);
CREATE INDEX documents_p202611_received_on_id_idx ON public.documents_p202611 USING btree (received_on, id);
CREATE INDEX documents_p202611_site_received_on_id_idx ON public.documents_p202611 USING btree (site, received_on, id);
CREATE INDEX documents_p202611_site_stored_at_idx ON public.documents_p202611 USING btree (site, stored_at);
CREATE INDEX documents_p202611_state_priority_due_on_stored_at_idx ON public.documents_p202611 USING btree (state, priority DESC, due_on, stored_at) WHERE (state = ANY (ARRAY['to_name'::text, 'to_key'::text]));
CREATE INDEX documents_p202611_state_stored_at_idx ON public.documents_p202611 USING btree (state, stored_at);
CREATE INDEX documents_p202611_stored_at_idx ON public.documents_p202611 USING btree (stored_at);
CREATE INDEX documents_p202611_type_received_on_id_idx ON public.documents_p202611 USING btree (type, received_on, id);
CREATE INDEX documents_p202612_due_on_idx ON public.documents_p202612 USING btree (due_on) WHERE (state <> ALL (ARRAY['delivered'::text, 'discarded'::text]));
CREATE INDEX documents_p202612_lot_id_idx ON public.documents_p202612 USING btree (lot_id);
CREATE INDEX documents_p202612_pole_type_received_on_id_idx ON public.documents_p202612 USING btree (pole, type, received_on, id);
CREATE INDEX documents_p202612_received_on_id_idx ON public.documents_p202612 USING btree (received_on, id);
CREATE INDEX documents_p202612_site_received_on_id_idx ON public.documents_p202612 USING btree (site, received_on, id);
CREATE INDEX documents_p202612_site_stored_at_idx ON public.documents_p202612 USING btree (site, stored_at);
CREATE INDEX documents_p202612_state_priority_due_on_stored_at_idx ON public.documents_p202612 USING btree (state, priority DESC, due_on, stored_at) WHERE (state = ANY (ARRAY['to_name'::text, 'to_key'::text]));
CREATE INDEX documents_p202612_state_stored_at_idx ON public.documents_p202612 USING btree (state, stored_at);
CREATE INDEX documents_p202612_stored_at_idx ON public.documents_p202612 USING btree (stored_at);
CREATE INDEX documents_p202612_type_received_on_id_idx ON public.documents_p202612 USING btree (type, received_on, id);
CREATE INDEX documents_p202701_due_on_idx ON public.documents_p202701 USING btree (due_on) WHERE (state <> ALL (ARRAY['delivered'::text, 'discarded'::text]));
CREATE INDEX documents_p202701_lot_id_idx ON public.documents_p202701 USING btree (lot_id);
CREATE INDEX documents_p202701_pole_type_received_on_id_idx ON public.documents_p202701 USING btree (pole, type, received_on, id);
CREATE INDEX documents_p202701_received_on_id_idx ON public.documents_p202701 USING btree (received_on, id);
CREATE INDEX documents_p202701_site_received_on_id_idx ON public.documents_p202701 USING btree (site, received_on, id);
CREATE INDEX documents_p202701_site_stored_at_idx ON public.documents_p202701 USING btree (site, stored_at);
CREATE INDEX documents_p202701_state_priority_due_on_stored_at_idx ON public.documents_p202701 USING btree (state, priority DESC, due_on, stored_at) WHERE (state = ANY (ARRAY['to_name'::text, 'to_key'::text]));
CREATE INDEX documents_p202701_state_stored_at_idx ON public.documents_p202701 USING btree (state, stored_at);
CREATE INDEX documents_p202701_stored_at_idx ON public.documents_p202701 USING btree (stored_at);
CREATE INDEX documents_p202701_type_received_on_id_idx ON public.documents_p202701 USING btree (type, received_on, id);
CREATE INDEX documents_p202702_due_on_idx ON public.documents_p202702 USING btree (due_on) WHERE (state <> ALL (ARRAY['delivered'::text, 'discarded'::text]));
CREATE INDEX documents_p202702_lot_id_idx ON public.documents_p202702 USING btree (lot_id);
CREATE INDEX documents_p202702_pole_type_received_on_id_idx ON public.documents_p202702 USING btree (pole, type, received_on, id);
CREATE INDEX documents_p202702_received_on_id_idx ON public.documents_p202702 USING btree (received_on, id);
CREATE INDEX documents_p202702_site_received_on_id_idx ON public.documents_p202702 USING btree (site, received_on, id);
CREATE INDEX documents_p202702_site_stored_at_idx ON public.documents_p202702 USING btree (site, stored_at);
CREATE INDEX documents_p202702_state_priority_due_on_stored_at_idx ON public.documents_p202702 USING btree (state, priority DESC, due_on, stored_at) WHERE (state = ANY (ARRAY['to_name'::text, 'to_key'::text]));
CREATE INDEX documents_p202702_state_stored_at_idx ON public.documents_p202702 USING btree (state, stored_at);
CREATE INDEX documents_p202702_stored_at_idx ON public.documents_p202702 USING btree (stored_at);
CREATE INDEX documents_p202702_type_received_on_id_idx ON public.documents_p202702 USING btree (type, received_on, id);
CREATE INDEX ix_fields_nir ON ONLY public.fields USING btree (value) WHERE (name = ANY (ARRAY['nir'::text, 'insured_nir'::text]));
CREATE INDEX fields_default_value_idx ON public.fields_default USING btree (value) WHERE (name = ANY (ARRAY['nir'::text, 'insured_nir'::text]));
CREATE INDEX fields_p202611_value_idx ON public.fields_p202611 USING btree (value) WHERE (name = ANY (ARRAY['nir'::text, 'insured_nir'::text]));
CREATE INDEX fields_p202612_value_idx ON public.fields_p202612 USING btree (value) WHERE (name = ANY (ARRAY['nir'::text, 'insured_nir'::text]));
CREATE INDEX fields_p202701_value_idx ON public.fields_p202701 USING btree (value) WHERE (name = ANY (ARRAY['nir'::text, 'insured_nir'::text]));
CREATE INDEX fields_p202702_value_idx ON public.fields_p202702 USING btree (value) WHERE (name = ANY (ARRAY['nir'::text, 'insured_nir'::text]));
CREATE INDEX ix_audit_action ON public.audit USING btree (action, at);
CREATE INDEX ix_audit_actor ON public.audit USING btree (actor, at);
CREATE INDEX ix_audit_at ON public.audit USING btree (at);
CREATE INDEX ix_audit_subject ON public.audit USING btree (subject);
CREATE INDEX ix_controls_done_at ON public.controls USING btree (done_at);
CREATE INDEX ix_controls_state ON public.controls USING btree (state, drawn_at);
CREATE INDEX ix_deliveries_claimed ON public.deliveries USING btree (lease_until) WHERE (state = 'claimed'::text);
CREATE INDEX ix_deliveries_delivered_at ON public.deliveries USING btree (delivered_at);
CREATE INDEX ix_deliveries_destination_state ON public.deliveries USING btree (destination, state);
CREATE INDEX ix_deliveries_stuck ON public.deliveries USING btree (created_at, document_id) WHERE (state = ANY (ARRAY['dead'::text, 'held'::text]));
CREATE INDEX ix_deliveries_unfinished ON public.deliveries USING btree (destination, state, created_at) WHERE (state = ANY (ARRAY['waiting'::text, 'claimed'::text, 'held'::text, 'dead'::text]));
CREATE INDEX ix_deliveries_waiting ON public.deliveries USING btree (priority DESC, next_at) WHERE (state = 'waiting'::text);
CREATE INDEX ix_flow_site ON public.flow USING btree (site, hour);
CREATE INDEX ix_keyings_document_id ON public.keyings USING btree (document_id, "position");
CREATE INDEX ix_keyings_keyed_at ON public.keyings USING btree (keyed_at);
CREATE INDEX ix_keyings_person_id ON public.keyings USING btree (person_id, keyed_at);
CREATE INDEX ix_leases_lease_until ON public.leases USING btree (lease_until);
CREATE INDEX ix_leases_person_id ON public.leases USING btree (person_id);
CREATE INDEX ix_lots_arriving ON public.lots USING btree (site, received_at) WHERE (state = 'arriving'::text);
CREATE INDEX ix_lots_name ON public.lots USING btree (name text_pattern_ops);
CREATE INDEX ix_lots_received_at ON public.lots USING btree (received_at, id);
CREATE INDEX ix_lots_site_received_at ON public.lots USING btree (site, received_at);
CREATE INDEX ix_namings_document_id ON public.namings USING btree (document_id);
CREATE INDEX ix_namings_named_at ON public.namings USING btree (named_at);
CREATE INDEX ix_namings_person_id ON public.namings USING btree (person_id, named_at);
CREATE INDEX ix_pages_sha256 ON ONLY public.pages USING btree (sha256);
CREATE INDEX ix_plan_changes_state ON public.plan_changes USING btree (state, proposed_at);
CREATE INDEX ix_rescans_document_id ON public.rescans USING btree (document_id);
CREATE INDEX ix_rescans_open ON public.rescans USING btree (site, station) WHERE (state = ANY (ARRAY['asked'::text, 'told'::text]));
CREATE INDEX ix_returns_returned_at ON public.returns USING btree (returned_at);
CREATE INDEX ix_sessions_expires_at ON public.sessions USING btree (expires_at);
CREATE INDEX ix_sessions_person_id ON public.sessions USING btree (person_id);
CREATE INDEX ix_sign_in_steps_expires_at ON public.sign_in_steps USING btree (expires_at);
CREATE INDEX pages_default_sha256_idx ON public.pages_default USING btree (sha256);
CREATE INDEX pages_p202611_sha256_idx ON public.pages_p202611 USING btree (sha256);
CREATE INDEX pages_p202612_sha256_idx ON public.pages_p202612 USING btree (sha256);
CREATE INDEX pages_p202701_sha256_idx ON public.pages_p202701 USING btree (sha256);
CREATE INDEX pages_p202702_sha256_idx ON public.pages_p202702 USING btree (sha256);
CREATE UNIQUE INDEX uq_holds_open ON public.holds USING btree (kind, value) WHERE (released_at IS NULL);
CREATE UNIQUE INDEX uq_people_oidc ON public.people USING btree (oidc_issuer, oidc_subject) WHERE (oidc_subject IS NOT NULL);
CREATE UNIQUE INDEX uq_returns_delivery ON public.returns USING btree (document_id, destination, round);
ALTER INDEX public.ix_documents_due_on ATTACH PARTITION public.documents_default_due_on_idx;
ALTER INDEX public.ix_documents_lot_id ATTACH PARTITION public.documents_default_lot_id_idx;
ALTER INDEX public.pk_documents ATTACH PARTITION public.documents_default_pkey;
ALTER INDEX public.ix_documents_pole_type_received_on ATTACH PARTITION public.documents_default_pole_type_received_on_id_idx;
ALTER INDEX public.ix_documents_received_on ATTACH PARTITION public.documents_default_received_on_id_idx;
ALTER INDEX public.ix_documents_site_received_on ATTACH PARTITION public.documents_default_site_received_on_id_idx;
ALTER INDEX public.ix_documents_site_stored_at ATTACH PARTITION public.documents_default_site_stored_at_idx;
ALTER INDEX public.ix_documents_work ATTACH PARTITION public.documents_default_state_priority_due_on_stored_at_idx;
ALTER INDEX public.ix_documents_state_stored_at ATTACH PARTITION public.documents_default_state_stored_at_idx;
ALTER INDEX public.ix_documents_stored_at ATTACH PARTITION public.documents_default_stored_at_idx;
ALTER INDEX public.ix_documents_type_received_on ATTACH PARTITION public.documents_default_type_received_on_id_idx;
ALTER INDEX public.ix_documents_due_on ATTACH PARTITION public.documents_p202611_due_on_idx;
ALTER INDEX public.ix_documents_lot_id ATTACH PARTITION public.documents_p202611_lot_id_idx;
ALTER INDEX public.pk_documents ATTACH PARTITION public.documents_p202611_pkey;
ALTER INDEX public.ix_documents_pole_type_received_on ATTACH PARTITION public.documents_p202611_pole_type_received_on_id_idx;
ALTER INDEX public.ix_documents_received_on ATTACH PARTITION public.documents_p202611_received_on_id_idx;
ALTER INDEX public.ix_documents_site_received_on ATTACH PARTITION public.documents_p202611_site_received_on_id_idx;
ALTER INDEX public.ix_documents_site_stored_at ATTACH PARTITION public.documents_p202611_site_stored_at_idx;
ALTER INDEX public.ix_documents_work ATTACH PARTITION public.documents_p202611_state_priority_due_on_stored_at_idx;
ALTER INDEX public.ix_documents_state_stored_at ATTACH PARTITION public.documents_p202611_state_stored_at_idx;
ALTER INDEX public.ix_documents_stored_at ATTACH PARTITION public.documents_p202611_stored_at_idx;
ALTER INDEX public.ix_documents_type_received_on ATTACH PARTITION public.documents_p202611_type_received_on_id_idx;
ALTER INDEX public.ix_documents_due_on ATTACH PARTITION public.documents_p202612_due_on_idx;
ALTER INDEX public.ix_documents_lot_id ATTACH PARTITION public.documents_p202612_lot_id_idx;
ALTER INDEX public.pk_documents ATTACH PARTITION public.documents_p202612_pkey;
ALTER INDEX public.ix_documents_pole_type_received_on ATTACH PARTITION public.documents_p202612_pole_type_received_on_id_idx;
ALTER INDEX public.ix_documents_received_on ATTACH PARTITION public.documents_p202612_received_on_id_idx;
ALTER INDEX public.ix_documents_site_received_on ATTACH PARTITION public.documents_p202612_site_received_on_id_idx;
ALTER INDEX public.ix_documents_site_stored_at ATTACH PARTITION public.documents_p202612_site_stored_at_idx;
ALTER INDEX public.ix_documents_work ATTACH PARTITION public.documents_p202612_state_priority_due_on_stored_at_idx;
ALTER INDEX public.ix_documents_state_stored_at ATTACH PARTITION public.documents_p202612_state_stored_at_idx;
ALTER INDEX public.ix_documents_stored_at ATTACH PARTITION public.documents_p202612_stored_at_idx;
ALTER INDEX public.ix_documents_type_received_on ATTACH PARTITION public.documents_p202612_type_received_on_id_idx;
ALTER INDEX public.ix_documents_due_on ATTACH PARTITION public.documents_p202701_due_on_idx;
ALTER INDEX public.ix_documents_lot_id ATTACH PARTITION public.documents_p202701_lot_id_idx;
ALTER INDEX public.pk_documents ATTACH PARTITION public.documents_p202701_pkey;
ALTER INDEX public.ix_documents_pole_type_received_on ATTACH PARTITION public.documents_p202701_pole_type_received_on_id_idx;
ALTER INDEX public.ix_documents_received_on ATTACH PARTITION public.documents_p202701_received_on_id_idx;
ALTER INDEX public.ix_documents_site_received_on ATTACH PARTITION public.documents_p202701_site_received_on_id_idx;
ALTER INDEX public.ix_documents_site_stored_at ATTACH PARTITION public.documents_p202701_site_stored_at_idx;
ALTER INDEX public.ix_documents_work ATTACH PARTITION public.documents_p202701_state_priority_due_on_stored_at_idx;
ALTER INDEX public.ix_documents_state_stored_at ATTACH PARTITION public.documents_p202701_state_stored_at_idx;
ALTER INDEX public.ix_documents_stored_at ATTACH PARTITION public.documents_p202701_stored_at_idx;
ALTER INDEX public.ix_documents_type_received_on ATTACH PARTITION public.documents_p202701_type_received_on_id_idx;
ALTER INDEX public.ix_documents_due_on ATTACH PARTITION public.documents_p202702_due_on_idx;
ALTER INDEX public.ix_documents_lot_id ATTACH PARTITION public.documents_p202702_lot_id_idx;
ALTER INDEX public.pk_documents ATTACH PARTITION public.documents_p202702_pkey;
ALTER INDEX public.ix_documents_pole_type_received_on ATTACH PARTITION public.documents_p202702_pole_type_received_on_id_idx;
ALTER INDEX public.ix_documents_received_on ATTACH PARTITION public.documents_p202702_received_on_id_idx;
ALTER INDEX public.ix_documents_site_received_on ATTACH PARTITION public.documents_p202702_site_received_on_id_idx;
ALTER INDEX public.ix_documents_site_stored_at ATTACH PARTITION public.documents_p202702_site_stored_at_idx;
ALTER INDEX public.ix_documents_work ATTACH PARTITION public.documents_p202702_state_priority_due_on_stored_at_idx;
ALTER INDEX public.ix_documents_state_stored_at ATTACH PARTITION public.documents_p202702_state_stored_at_idx;
ALTER INDEX public.ix_documents_stored_at ATTACH PARTITION public.documents_p202702_stored_at_idx;
ALTER INDEX public.ix_documents_type_received_on ATTACH PARTITION public.documents_p202702_type_received_on_id_idx;
ALTER INDEX public.pk_fields ATTACH PARTITION public.fields_default_pkey;
ALTER INDEX public.ix_fields_nir ATTACH PARTITION public.fields_default_value_idx;
ALTER INDEX public.pk_fields ATTACH PARTITION public.fields_p202611_pkey;
ALTER INDEX public.ix_fields_nir ATTACH PARTITION public.fields_p202611_value_idx;
ALTER INDEX public.pk_fields ATTACH PARTITION public.fields_p202612_pkey;
ALTER INDEX public.ix_fields_nir ATTACH PARTITION public.fields_p202612_value_idx;
ALTER INDEX public.pk_fields ATTACH PARTITION public.fields_p202701_pkey;
ALTER INDEX public.ix_fields_nir ATTACH PARTITION public.fields_p202701_value_idx;
ALTER INDEX public.pk_fields ATTACH PARTITION public.fields_p202702_pkey;
ALTER INDEX public.ix_fields_nir ATTACH PARTITION public.fields_p202702_value_idx;
ALTER INDEX public.pk_pages ATTACH PARTITION public.pages_default_pkey;
ALTER INDEX public.ix_pages_sha256 ATTACH PARTITION public.pages_default_sha256_idx;
ALTER INDEX public.pk_pages ATTACH PARTITION public.pages_p202611_pkey;
ALTER INDEX public.ix_pages_sha256 ATTACH PARTITION public.pages_p202611_sha256_idx;
ALTER INDEX public.pk_pages ATTACH PARTITION public.pages_p202612_pkey;
ALTER INDEX public.ix_pages_sha256 ATTACH PARTITION public.pages_p202612_sha256_idx;
ALTER INDEX public.pk_pages ATTACH PARTITION public.pages_p202701_pkey;
ALTER INDEX public.ix_pages_sha256 ATTACH PARTITION public.pages_p202701_sha256_idx;
ALTER INDEX public.pk_pages ATTACH PARTITION public.pages_p202702_pkey;
ALTER INDEX public.ix_pages_sha256 ATTACH PARTITION public.pages_p202702_sha256_idx;
CREATE TRIGGER audit_is_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_append_only();
ALTER TABLE ONLY public.controls
    ADD CONSTRAINT fk_controls_document_id FOREIGN KEY (document_id) REFERENCES public.documents(id);
ALTER TABLE ONLY public.controls
    ADD CONSTRAINT fk_controls_person_id FOREIGN KEY (person_id) REFERENCES public.people(id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_document_id FOREIGN KEY (document_id) REFERENCES public.documents(id);
ALTER TABLE public.documents
    ADD CONSTRAINT fk_documents_lot_id FOREIGN KEY (lot_id) REFERENCES public.lots(id);
ALTER TABLE ONLY public.drafts
    ADD CONSTRAINT fk_drafts_document_id FOREIGN KEY (document_id) REFERENCES public.documents(id);
ALTER TABLE ONLY public.drafts
    ADD CONSTRAINT fk_drafts_person_id FOREIGN KEY (person_id) REFERENCES public.people(id);
ALTER TABLE public.fields
    ADD CONSTRAINT fk_fields_document_id FOREIGN KEY (document_id) REFERENCES public.documents(id);
ALTER TABLE ONLY public.keyings
    ADD CONSTRAINT fk_keyings_document_id FOREIGN KEY (document_id) REFERENCES public.documents(id);
ALTER TABLE ONLY public.keyings
    ADD CONSTRAINT fk_keyings_person_id FOREIGN KEY (person_id) REFERENCES public.people(id);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT fk_leases_document_id FOREIGN KEY (document_id) REFERENCES public.documents(id);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT fk_leases_person_id FOREIGN KEY (person_id) REFERENCES public.people(id);
ALTER TABLE ONLY public.lots
    ADD CONSTRAINT fk_lots_site FOREIGN KEY (site) REFERENCES public.sites(site);
ALTER TABLE ONLY public.namings
    ADD CONSTRAINT fk_namings_document_id FOREIGN KEY (document_id) REFERENCES public.documents(id);
ALTER TABLE ONLY public.namings
    ADD CONSTRAINT fk_namings_person_id FOREIGN KEY (person_id) REFERENCES public.people(id);
ALTER TABLE public.pages
    ADD CONSTRAINT fk_pages_document_id FOREIGN KEY (document_id) REFERENCES public.documents(id);
ALTER TABLE ONLY public.plan_change_documents
    ADD CONSTRAINT fk_plan_change_documents_change_id FOREIGN KEY (change_id) REFERENCES public.plan_changes(id);
ALTER TABLE ONLY public.plan_change_documents
    ADD CONSTRAINT fk_plan_change_documents_document_id FOREIGN KEY (document_id) REFERENCES public.documents(id);
ALTER TABLE ONLY public.plan_changes
    ADD CONSTRAINT fk_plan_changes_decided_by FOREIGN KEY (decided_by) REFERENCES public.people(id);
ALTER TABLE ONLY public.plan_changes
    ADD CONSTRAINT fk_plan_changes_proposed_by FOREIGN KEY (proposed_by) REFERENCES public.people(id);
ALTER TABLE ONLY public.plan_changes
    ADD CONSTRAINT fk_plan_changes_undone_by FOREIGN KEY (undone_by) REFERENCES public.people(id);
ALTER TABLE ONLY public.rescans
    ADD CONSTRAINT fk_rescans_document_id FOREIGN KEY (document_id) REFERENCES public.documents(id);
ALTER TABLE ONLY public.rescans
    ADD CONSTRAINT fk_rescans_person_id FOREIGN KEY (person_id) REFERENCES public.people(id);
ALTER TABLE ONLY public.returns
    ADD CONSTRAINT fk_returns_document_id FOREIGN KEY (document_id) REFERENCES public.documents(id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_person_id FOREIGN KEY (person_id) REFERENCES public.people(id);
ALTER TABLE ONLY public.sign_in_steps
    ADD CONSTRAINT fk_sign_in_steps_person_id FOREIGN KEY (person_id) REFERENCES public.people(id);
ALTER TABLE ONLY public.stations
    ADD CONSTRAINT fk_stations_site FOREIGN KEY (site) REFERENCES public.sites(site);
