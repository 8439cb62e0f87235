-- Rows as version 1 wrote them.
INSERT INTO definition VALUES
    (1, 'web', '2026-01-01T00:00:00.000000000Z', '2026-01-02T00:00:00.000000000Z');
INSERT INTO instance VALUES
    (1, 'web', 1, 'kind-dev', 'web', 'managed', 'uid-1', '{"images":{"web":"web:2"}}',
     '2026-01-01T00:00:00.000000000Z', 'Healthy', 'everything is ready',
     '2026-01-03T00:00:00.000000000Z');
INSERT INTO revision VALUES
    (1, 1, NULL, 3, 'aaaa', '2026-01-02T00:00:00.000000000Z', 0, 'k8s',
     x'1f8b0800000000000203ab56ca4fca4a4d2e2956b28a8ead05006424ab8b0e000000'),
    (2, 1, 1, 7, 'bbbb', '2026-01-04T00:00:00.000000000Z', 0, 'record',
     x'1f8b0800000000000203ab56ca4fca4a4d2e2956b28a8ead05006424ab8b0e000000');
INSERT INTO release VALUES
    (1, '01890a5d', 4, '{"user":"ci","host":"runner"}', '2026-01-03T00:00:00.000000000Z', NULL,
     'notReady', 'web', 3, 'aaaa', '2026-01-02T00:00:00.000000000Z', '{}', NULL, NULL);
INSERT INTO setting VALUES ('defaultRuntime', 'kind-dev');
INSERT INTO runtime VALUES
    ('kind-dev', 'uid-1', 'https://127.0.0.1:6443', NULL, '2026-01-01T00:00:00.000000000Z');
