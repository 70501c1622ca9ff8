with
celdas as (select * from {{ ref('celdas_a_decidir') }}),

posibles as (select * from {{ ref('secciones_posibles') }}),

-- The costs of the plan; for past origins also cancelled sections worth so many students turned away.
relaciones as (
    select unnest([{{ cost_ratios().split() | join(', ') }}]) as relacion
),

costos as (
    select
        indice_origen,
        h,
        unique_id,
        sede,
        horario_actual,
        aulas,
        'plan' as costos,
        costo_cancelacion,
        costo_rechazado,
        costo_hora * coalesce(hora_fin - hora_inicio, 0) as costo_seccion
    from celdas

    union all

    select
        c.indice_origen,
        c.h,
        c.unique_id,
        c.sede,
        c.horario_actual,
        c.aulas,
        cast(r.relacion as varchar) as costos,
        cast(r.relacion as double) as costo_cancelacion,
        cast(1 as double) as costo_rechazado,
        cast(0 as double) as costo_seccion
    from celdas as c
    cross join relaciones as r
    where not c.es_actual
),

-- What the k-th section saves: students who find a seat in it, against the chance that it is cancelled, and its hours.
ganancias as (
    select
        c.*,
        p.k,
        p.prob_minimo,
        p.alumnos_con_asiento,
        round(
            c.costo_rechazado * p.alumnos_con_asiento
            - c.costo_cancelacion * (1 - p.prob_minimo)
            - c.costo_seccion,
            9
        ) as ganancia
    from costos as c
    inner join posibles as p using (indice_origen, h, unique_id)
),

acumuladas as (
    select
        *,
        round(sum(ganancia) over (partition by costos, indice_origen, h, unique_id order by k), 9) as ahorro
    from ganancias
),

-- So many sections cost the least.
mejores as (
    select
        *,
        max(ahorro) over celda as mejor_ahorro,
        arg_max(k, ahorro) over celda as mejor_k,
        min(ganancia) over (celda order by k) as orden
    from acumuladas
    window celda as (partition by costos, indice_origen, h, unique_id)
),

abiertas as (
    select * from mejores
    where mejor_ahorro > 0 and k <= mejor_k
),

-- Where rooms are too few, those that save the most stay; of one cell the first ones.
en_aulas as (
    select
        *,
        aulas is null or row_number() over (
            partition by costos, indice_origen, h, sede, horario_actual
            order by orden desc, unique_id, k
        ) <= aulas as tiene_aula
    from abiertas
)

select
    costos,
    indice_origen,
    h,
    unique_id,
    cast(count(*) as integer) as secciones_sin_limite,
    cast(count(*) filter (where tiene_aula) as integer) as secciones
from en_aulas
group by costos, indice_origen, h, unique_id
