"""A small published file with the marts that the report reads: two campuses, three cells, 14 periods."""

from pathlib import Path

import duckdb

# Periods 202401 to 202502 are known, 202503 and 202504 forecast; a year has twelve.
_PERIODS = """
    create schema marts;
    create table marts.dim_periodos as
    select
        (2024 + (i - 1) // 12) * 100 + (i - 1) % 12 + 1 as periodo, periodo::varchar as nombre, i as indice,
        (i - 1) % 12 + 1 as estacion, 12 as estaciones_por_ciclo,
        make_date((2024 + (i - 1) // 12)::bigint, ((i - 1) % 12 + 1)::bigint, 1) as fecha_inicio,
        fecha_inicio + interval 1 month - interval 1 day as fecha_fin, null::date as fecha_pronostico,
        case when i <= 14 then 'cerrado' when i <= 16 then 'pronosticado' else 'futuro' end as estado,
        case when i in (15, 16) then i - 14 end as horizonte
    from range(1, 19) as r (i);
"""

# Students of a cell: 10 a period and one more each month; the last cell is held in the last two alone.
_HISTORY = """
    create table marts.historia as
    select
        p.periodo, p.fecha_inicio as fecha, c.*, 'continuidad' as tipo_demanda, 9 + p.indice as alumnos,
        1 as secciones, 0 as secciones_canceladas, 20 as vacantes, false as esta_abierto
    from marts.dim_periodos as p
    cross join (values
        ('CENTRO', 'A1', '08:00 - 09:30', 'Adultos', 'BASICO'),
        ('CENTRO', 'N1', '10:00 - 11:30', 'Niños', 'BASICO'),
        ('NORTE', 'A1', '10:00 - 11:30', 'Adultos', 'BASICO')
    ) as c (sede, curso_actual, horario_actual, programa, nivel)
    where p.indice <= 14 and (c.sede = 'CENTRO' or p.indice > 12);
    create table marts.dim_cursos as
    select * from (values ('A1', 'Adultos </script><b>1', 'Adultos'), ('N1', 'N1', 'Niños'))
        as c (curso_actual, nombre, programa);
    create table marts.dim_horarios as
    select * from (values
        ('08:00 - 09:30', 'Mañana', 'Lun - Vie', 8.0, 9.5, 1), ('10:00 - 11:30', 'Mañana', 'Lun - Vie',
            10.0, 11.5, 2)
    ) as h (horario_actual, turno, franja, hora_inicio, hora_fin, orden);
"""

_FORECASTS = """
    create table marts.prediccion_detalle as
    select
        h.periodo, p.horizonte, h.sede, h.curso_actual, h.horario_actual, h.programa, h.nivel,
            h.tipo_demanda,
        (24 + p.horizonte * 1.25)::integer as predict_alumnos, 24 + p.horizonte * 1.25 as media,
            10.0 as q025,
        16.0 as q10, 32.0 as q90, 40.0 as q975, 'r1' as run_id, timestamp '2025-02-05 10:00:00' as datos_al,
        null::timestamp as as_of, 'viva' as estado_fuente, null::varchar as tablas_respaldo, 202502
            as periodo_origen,
        'test' as experimento, 'abc' as git_commit, 'media' as modelo, 'predecesor' as razon_modelo
    from marts.historia as h
    inner join marts.dim_periodos as p on p.horizonte is not null
    where h.periodo = 202502;
    update marts.prediccion_detalle set periodo = 202502 + horizonte;
    create table marts.prediccion_jerarquia as
    with niveles as (
        select 'total' as nivel_jerarquia, null as sede, null as programa, null as curso_actual,
            null as horario_actual, horizonte, media
        from marts.prediccion_detalle
        union all select 'sede', sede, null, null, null, horizonte, media from marts.prediccion_detalle
        union all select 'sede_programa', sede, programa, null, null, horizonte, media
            from marts.prediccion_detalle
        union all select 'sede_curso', sede, programa, curso_actual, null, horizonte, media
            from marts.prediccion_detalle
        union all select 'sede_horario', sede, null, null, horario_actual, horizonte, media
            from marts.prediccion_detalle
    )
    select
        nivel_jerarquia, sede, programa, curso_actual, horario_actual, horizonte, sum(media) as media,
        sum(media) - 20 as q025, sum(media) - 10 as q10, sum(media) + 10 as q90, sum(media) + 20 as q975
    from niveles group by all;
"""

_ACCURACY = """
    create table marts.exactitud as
    select 'celda' as nivel_jerarquia, c.*, 1 as horizonte, 12 as origenes, 1200.0 as alumnos, 0.85
        as cobertura_80, 0.95 as cobertura_95
    from (values
        ('todo', 'todo', 'aforo', 0.1937, 0.0120), ('todo', 'todo', 'flujo', 0.2260, 0.05), ('todo',
            'todo', 'naive', 0.5, 0.0),
        ('sede', 'CENTRO', 'aforo', 0.15, -0.03), ('sede', 'CENTRO', 'flujo', 0.25, 0.0), ('sede',
            'NORTE', 'aforo', 0.31, 0.1)
    ) as c (corte, valor, modelo, wape, sesgo);
    insert into marts.exactitud
    select 'total', 'origen', periodo::varchar, 'aforo', 0.05, 0.05, 1, 1, 40.0 + indice, 1.0, 1.0
    from marts.dim_periodos where indice between 10 and 13;
    create table marts.equidad as
    from (values ('sede', 'CENTRO', 0.15, 0.2, 0.75, false), ('sede', 'NORTE', 0.31, 0.2, 1.55, true))
        as e (corte, valor, wape, wape_esperado, razon, es_peor_servida);
    create table marts.pronostico_y_real as
    select
        202502 as periodo, 1 as horizonte, sede, curso_actual, horario_actual, 20 as predict_alumnos,
            alumnos,
        20 - alumnos as error, abs(20 - alumnos) as error_absoluto, true as dentro_80, true
            as es_pronosticada,
        true as es_final, true as es_ultima, fecha
    from marts.historia where periodo = 202502;
    create table marts.salud_fuentes as
    select * from (values
        ('programacion', 'viva', null, 3000, timestamp '2025-02-05 10:00:00', 0::double, 7),
        ('sedes', 'ausente', 'not delivered: no opening hours', 0, null, null, 0)
    ) as f (tabla, estado, motivo_estado, filas, capturada_en, edad_dias, en_cuarentena);
"""

_PLAN = """
    create table marts.plan_apertura as
    select
        periodo, horizonte, sede, curso_actual, horario_actual,
        case when sede = 'NORTE' then 'vigilar' when programa = 'Niños' then 'unir' else 'abrir' end
            as accion,
        1 as secciones, '25,2 alumnos esperados. Razón de ' || sede as razon, media
            as alumnos_esperados, 20 as vacantes, 0.81 as prob_minimo,
        0.19 as cancelaciones_esperadas, 4.0 as rechazados_esperados, 2 as secciones_programadas, 0
            as faltante, 1 as sobrante,
        10 as minimo_alumnos, null::varchar as falta_dato
    from marts.prediccion_detalle;
    create table marts.frontera_plan as
    select 1 as horizonte, 'todos' as periodos, 12 as origenes, 100 as secciones, f.*
    from (values ('aforo', 5::double, 30, 200), ('aforo', 10, 20, 300), ('regla_clasica', null, 28,
        310)) as f (plan, costo_cancelacion, cancelaciones, rechazados);
"""


def write(file: Path, *, plan: bool = True) -> Path:
    """Writes the file; without a plan it is what an institute without minimums gets."""
    with duckdb.connect(str(file)) as connection:
        for sql in (_PERIODS, _HISTORY, _FORECASTS, _ACCURACY, _PLAN if plan else ""):
            connection.execute(sql)
    return file
