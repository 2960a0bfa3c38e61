//! Words of a kind, in the five languages of the rules: what many words say alike.
//!
//! A model that has met `mein` and `refund` learns from this that `minha` and `estorno` are of
//! the same kind. Words stand in their plain form (no accents, `ß` as `ss`).

use crate::features::word_hash;
use std::sync::LazyLock;

/// What a word can be. The order is part of every model file: add at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The author speaks of himself.
    First,
    /// What is the author's.
    Own,
    /// Somebody is addressed.
    Second,
    /// Something is denied.
    Denial,
    /// How long, how often, since when.
    Time,
    /// A polite request.
    Please,
    /// What questions begin with.
    Question,
    /// Something has happened.
    Past,
    /// Praise and content.
    Good,
    /// Blame and trouble.
    Bad,
    /// What is said before buying.
    Buying,
    /// Bills, refunds, fees.
    Paying,
    /// Courts, regulators, harm, protest.
    Law,
}

/// How many kinds there are.
pub(crate) const KINDS: usize = WORDS.len();

/// Some of the kinds: one bit each.
pub(crate) type KindSet = u16;

const WORDS: [(Kind, &str); 13] = [
    (
        Kind::First,
        "i me my mine i'm im i've ive i'll i'd id we our us we're we've myself ich mein meine \
         meinen meinem meiner meins mir mich wir uns unser unsere unseren unserem yo mi mis nos \
         nuestro nuestra nuestros conmigo je j'ai j'en j'y mon ma mes moi nous notre m'a m'ont eu \
         meu minha meus minhas nosso nossa comigo mim",
    ),
    (
        Kind::Own,
        "my our mine mein meine meinen meinem meiner unser unsere unseren mi mis nuestro nuestra \
         mon ma mes notre meu minha meus minhas nosso nossa",
    ),
    (
        Kind::Second,
        "you your u ur yours you're youre yall ya you've you'll ihr euch eure euer eurer eurem \
         euren tu te usted ustedes vosotros vuestro vuestra vous votre vos vc vcs voce voces seu \
         sua",
    ),
    (
        Kind::Denial,
        "no not never none nothing nobody neither nor cannot cant can't dont don't didnt didn't \
         doesnt doesn't isnt isn't wasnt wasn't wont won't havent haven't hasnt hasn't couldnt \
         couldn't wouldn't wouldnt ain't aint without unable nicht kein keine keinen keiner \
         keinem nie niemals niemand nichts weder ohne nunca nadie nada ningun ninguna ninguno sin \
         tampoco pas jamais aucun aucune rien ne n'est n'a n'ai sans personne nao ninguem nenhum \
         nenhuma sem nem",
    ),
    (
        Kind::Time,
        "since still yet again day days week weeks hour hours hrs hr minute minutes mins month \
         months year years ago already finally yesterday today tonight later after until seit \
         immer noch wieder tag tage tagen woche wochen stunde stunden minuten monat monate \
         monaten gestern heute schon endlich spater desde todavia aun otra vez dia dias semana \
         semanas hora horas minutos mes meses ayer hoy hace ya depuis toujours encore jour jours \
         semaine semaines heure heures mois hier aujourd'hui deja enfin ainda ontem hoje ja faz",
    ),
    (
        Kind::Please,
        "please pls plz kindly bitte favor svp s'il porfa porfavor gentileza",
    ),
    (
        Kind::Question,
        "why when where how what who which whose whats what's hows how's wheres where's can could \
         anyone anybody does warum wieso weshalb wann wo wie was wer welche welcher welches kann \
         konnt konnen jemand por porque cuando donde como cual cuanto cuanta alguien pueden puede \
         pourquoi quand ou comment quel quelle combien quelqu'un pouvez peut quando onde qual \
         quanto quanta alguem podem pode",
    ),
    (
        Kind::Past,
        "was were did had got went came said told tried called paid ordered bought sent took made \
         gave left lost broke wurde wurden war waren hatte hatten habe hab hat bekam ging kam \
         gesagt bestellt bezahlt gekauft fue fueron era he ha han habia compre pedi llame pague \
         dijeron ete etait j'ai avait avons ont avez achete commande paye appele foi eram comprei \
         paguei liguei disseram tive",
    ),
    (
        Kind::Good,
        "love loved loves loving lovely great good best better awesome amazing excellent \
         fantastic wonderful perfect perfectly nice nicely happy glad excited enjoy enjoyed \
         beautiful brilliant superb impressed recommend recommended delicious fun favorite \
         favourite cool thank thanks thankyou thx ty appreciate appreciated appreciative grateful \
         helpful friendly kind sweet congrats congratulations win winning smooth yay kudos \
         pleasant comfortable easy fast quick quickly proud finest solved resolved works worked \
         well gut gute guter gutes besser beste toll tolle super klasse prima danke dankeschon \
         freundlich nett schon schone schoner perfekt lieb liebe freue freuen zufrieden \
         begeistert empfehlen lecker schnell bueno buena buenos buenas mejor excelente genial \
         gracias increible encanta encanto feliz perfecto bonito amable rapido recomiendo bien \
         bon bonne meilleur meilleure merci parfait parfaite adore ravi contente content rapide \
         gentil bravo magnifique bom boa melhor otimo otima obrigado obrigada adoro amei amo \
         perfeito recomendo lindo linda parabens",
    ),
    (
        Kind::Bad,
        "bad badly worse worst terrible horrible awful disgusting disgusted disappointed \
         disappointing disappointment unacceptable ridiculous pathetic useless rubbish garbage \
         trash crap crappy poor poorly rude annoying annoyed angry furious frustrated frustrating \
         frustration hate hated sad sorry upset shame shameful shambles joke nightmare hell mess \
         messed fail failed fails failing failure fault faulty wrong broken broke damaged \
         defective dead dirty cold slow late delayed delay missing lost stuck stolen refused \
         ignored ignoring waste wasted stupid suck sucks sucked fuck fucking fucked wtf ugh smh \
         ffs shit shitty damn scam ripoff fraud lie lied lies lying liar liars problem problems \
         issue issues error errors bug bugs crash crashes crashed crashing glitch complaint \
         complain incompetent clueless unhelpful unprofessional schlecht schlechte schlechter \
         schlimm furchtbar schrecklich mies mieser enttauscht enttauschend frech frechheit \
         unverschamt unverschamtheit argerlich arger genervt nervt nervig wutend katastrophe \
         saftladen scheiss scheisse kaputt defekt falsch verspatet verspatung ausfall fallt \
         ausgefallen verloren leider probleme fehler betrug abzocke unfahig peinlich traurig malo \
         mala malos malas peor pesimo pesima fatal asco verguenza vergonzoso decepcion \
         decepcionado decepcionada inaceptable inutil basura lento tarde retraso retrasado \
         perdido roto rota averiado estafa mentira mentirosos robo ladrones problema problemas \
         errores fallo falla queja harto harta mauvais mauvaise pire nul nulle honte honteux \
         scandaleux inadmissible inacceptable decu decue deception inutile lent retard perdu \
         casse cassee panne arnaque menteurs mensonge problemes erreur marre pourri ruim pessimo \
         pessima pior horrivel terrivel vergonha absurdo inaceitavel lixo atraso atrasado \
         quebrado quebrada golpe erro erros descaso palhacada",
    ),
    (
        Kind::Buying,
        "buy buying purchase purchasing price prices pricing cost costs cheap cheaper afford deal \
         discount quote stock available availability sale sell selling looking want wanna need \
         needs wish wishing recommend recommendation suggestions order ordering preorder upgrade \
         upgrading subscribe trial demo interested kaufen kauf preis preise kostet kosten gunstig \
         gunstiger rabatt angebot verfugbar lager bestellen suche suchen brauche empfehlung \
         empfehlen wechseln interessiert comprar compra precio precios cuesta cuestan barato \
         oferta descuento disponible busco buscando necesito quiero recomiendan presupuesto \
         acheter achat prix coute coutent cher offre remise cherche besoin voudrais veux conseil \
         devis commander compro preco precos custa custam desconto disponivel procuro preciso \
         quero recomendam orcamento",
    ),
    (
        Kind::Paying,
        "refund refunded refunds charged charge charges charging bill billed billing pay paid \
         payment fee fees money invoice deducted overcharged compensation reimburse credit \
         deposit erstattung erstattet ruckerstattung geld rechnung gebuhr gebuhren abgebucht \
         zahlen bezahlt reembolso devolucion dinero cobro cobraron cobrado factura pago pague \
         cargo remboursement rembourse rembourser argent facture preleve frais paye estorno \
         dinheiro cobranca cobraram fatura pagamento paguei taxa",
    ),
    (
        Kind::Law,
        "lawsuit lawsuits sue sued suing court judge lawyer attorney legal illegal illegally \
         regulator regulators investigation investigated probe fine fined fraud charges \
         settlement antitrust ban banned boycott boycotting discrimination racist racism sexist \
         harassment unethical strike strikes union recall recalled breach hacked leaked injured \
         injury hospital poisoning allergic died killed arrested police fired scandal allegations \
         accused ceo sec ftc fda doj klage klagt verklagen anwalt gericht behorde ermittlungen \
         boykott boykottieren diskriminierung rassistisch rassismus streik ruckruf datenleck \
         verletzt krankenhaus skandal demanda denunciar denuncia abogado juicio tribunal ilegal \
         boicot discriminacion racista racismo huelga retirada herido escandalo multa plainte \
         avocat justice boycotter raciste racisme greve rappel blesse hopital scandale amende \
         processo processar advogado justica boicote discriminacao recolhimento ferido procon",
    ),
];

/// Places in the table: some 1,100 words in it rarely meet, and it fits the first cache.
const TABLE_BITS: u32 = 12;

/// The low bits of an entry hold the kinds, the others those of the word's hash.
const KIND_MASK: u64 = (1 << KINDS) - 1;

/// The kinds of every word, found by the hash that the n-grams need as well.
#[derive(Debug)]
pub(crate) struct Lexicon {
    places: Vec<u64>,
}

static SHIPPED: LazyLock<Lexicon> = LazyLock::new(Lexicon::new);

impl Lexicon {
    /// The one there is.
    pub(crate) fn shipped() -> &'static Self {
        &SHIPPED
    }

    fn new() -> Self {
        let mut lexicon = Self {
            places: vec![0; 1 << TABLE_BITS],
        };
        for (kind, words) in WORDS {
            for word in words.split_whitespace() {
                lexicon.add(word_hash(word), kind);
            }
        }
        lexicon
    }

    fn add(&mut self, hash: u64, kind: Kind) {
        let at = self.place_of(hash);
        if let Some(entry) = self.places.get_mut(at) {
            *entry = (*entry | hash & !KIND_MASK) | 1 << kind as u64;
        }
    }

    /// The kinds of the word with this hash; none for most words.
    #[inline]
    pub(crate) fn kinds_of(&self, hash: u64) -> KindSet {
        let entry = self.places.get(self.place_of(hash)).copied().unwrap_or(0);
        u16::try_from(entry & KIND_MASK).unwrap_or(0)
    }

    /// Where the word stands, or would: the place of its hash or the next free one.
    #[inline]
    fn place_of(&self, hash: u64) -> usize {
        let mut place = usize::try_from(hash >> (64 - TABLE_BITS)).unwrap_or(0);
        while let Some(&entry) = self.places.get(place)
            && entry != 0
            && entry & !KIND_MASK != hash & !KIND_MASK
        {
            place = (place + 1) % self.places.len();
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::normalise;

    #[test]
    fn every_word_is_found_as_it_is_written_in_posts() {
        for (kind, words) in WORDS {
            for word in words.split_whitespace() {
                assert_eq!(normalise(word).as_str(), word, "no plain form");
                let found = Lexicon::shipped().kinds_of(word_hash(word));
                assert!(found >> kind as u16 & 1 == 1, "{word}");
            }
        }
    }

    #[test]
    fn other_words_are_of_no_kind() {
        for word in ["garden", "tisch", "", "zzz", "@"] {
            assert_eq!(Lexicon::shipped().kinds_of(word_hash(word)), 0, "{word}");
        }
    }
}
