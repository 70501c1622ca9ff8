-- A series has every period from its first to the cut: StatsForecast takes gaps in silence.
with
series as (select * from {{ ref('series_jerarquia') }}),

corrida as (select * from {{ ref('corrida') }})

select
    s.nivel_jerarquia,
    s.unique_id,
    count(*) as periodos,
    min(s.indice) as desde,
    max(s.indice) as hasta
from series as s
group by s.nivel_jerarquia, s.unique_id
having
    count(*) <> max(s.indice) - min(s.indice) + 1
    or max(s.indice) <> (select r.indice_corte from corrida as r)
