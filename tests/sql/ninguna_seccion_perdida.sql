-- Every section up to the cut is either known or in quarantine, and every student of one held is in a cell.
with
entregadas as (
    select s.seccion_id
    from {{ ref('raw__programacion') }} as s
    inner join {{ ref('dim_periodos') }} as p on s.periodo = p.periodo
    inner join {{ ref('corrida') }} as r on p.indice <= r.indice_corte
),

conocidas as (
    select seccion_id from {{ ref('secciones') }}
    union
    select seccion_id from {{ ref('cuarentena') }}
),

alumnos_de_secciones as (
    select coalesce(sum(matriculados) filter (where se_dicto), 0) as alumnos
    from {{ ref('secciones') }}
),

alumnos_de_celdas as (
    select coalesce(sum(alumnos), 0) as alumnos
    from {{ ref('celdas') }}
)

select 'section lost: ' || e.seccion_id as problema
from entregadas as e
anti join conocidas as c on e.seccion_id = c.seccion_id

union all

select s.alumnos || ' students in sections, ' || c.alumnos || ' in cells' as problema
from alumnos_de_secciones as s
inner join alumnos_de_celdas as c on s.alumnos <> c.alumnos
